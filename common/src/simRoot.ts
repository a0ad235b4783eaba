/**
 * The root certificate of the simulated platform (registration §2.7).
 *
 * Its private key is public (`platform/src/sim/insecureAuthorities.ts`): a network that accepts this root accepts everybody.
 * @module
 */
import { base64ToBytes, hexToBytes } from "./bytes.ts";

/** DER. A test makes it anew from the published key and compares. */
export const SIM_ROOT_CERTIFICATE = base64ToBytes(
  "MIICKDCCAc2gAwIBAgIQbooqcI3dpygCXE9D9PkxrTAKBggqhkjOPQQDAjBjMScwJQYDVQQDDB5TSU0gSU5TRUNVUkUgSW50ZWwgU0dYIFJvb3QgQ0ExKzApBgNVBAoMIlNvdHRvIHNpbXVsYXRpb24sIHByb3RlY3RzIG5vdGhpbmcxCzAJBgNVBAYTAlhYMB4XDTIwMDEwMTAwMDAwMFoXDTQ5MTIzMTIzNTk1OVowYzEnMCUGA1UEAwweU0lNIElOU0VDVVJFIEludGVsIFNHWCBSb290IENBMSswKQYDVQQKDCJTb3R0byBzaW11bGF0aW9uLCBwcm90ZWN0cyBub3RoaW5nMQswCQYDVQQGEwJYWDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHv4gydSg7WomcIBS5V4UnRI/I9YrQT/kL0EL+H6/Nnw/4GVvHnIsTRYQRa4EirTvLM/VS/wT7Gs+qqC2uzDctejYzBhMB8GA1UdIwQYMBaAFOpE4DI9KGAjsIVJivMkbHE4P83UMB0GA1UdDgQWBBTqROAyPShgI7CFSYrzJGxxOD/N1DAOBgNVHQ8BAf8EBAMCAQYwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAgPUsJxMKMZlC7fVZTznvJo3WHRtyJf4BmIdtNgs71xoCIQDxr2gGQqFeHxfRuiea6mGeYn051TfA8CJgE0j9N0qrcw==",
);

/** SHA-256 of `SIM_ROOT_CERTIFICATE`; a policy calls it `sim-insecure`. */
export const SIM_ROOT_SHA256 = hexToBytes("b8a20c8ccbc2a14f51bdc05bb70e5dd8474a6c1152f0bae8e6aa432db6326417");
