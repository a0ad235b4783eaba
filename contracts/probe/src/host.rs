//! The imports that both versions of the contract API have, without a library in between.

use crate::api;
use crate::memory::{output_region, read_region, Region};

mod imports {
    extern "C" {
        pub fn db_read(key: u32) -> u32;
        pub fn db_write(key: u32, value: u32);
        pub fn db_remove(key: u32);
        pub fn secp256k1_verify(hash: u32, signature: u32, public_key: u32) -> u32;
        pub fn secp256k1_recover_pubkey(hash: u32, signature: u32, recovery_param: u32) -> u64;
        pub fn secp256k1_sign(message: u32, private_key: u32) -> u64;
        pub fn ed25519_verify(message: u32, signature: u32, public_key: u32) -> u32;
        pub fn ed25519_batch_verify(messages: u32, signatures: u32, public_keys: u32) -> u32;
        pub fn ed25519_sign(message: u32, seed: u32) -> u64;
        pub fn query_chain(request: u32) -> u32;
    }
}

pub fn db_read(key: &[u8]) -> Option<Vec<u8>> {
    match unsafe { imports::db_read(Region::of(key).address()) } {
        0 => None,
        address => Some(read_region(address)),
    }
}

pub fn db_write(key: &[u8], value: &[u8]) {
    unsafe { imports::db_write(Region::of(key).address(), Region::of(value).address()) }
}

pub fn db_remove(key: &[u8]) {
    unsafe { imports::db_remove(Region::of(key).address()) }
}

pub fn query_chain(request: &[u8]) -> Vec<u8> {
    read_region(unsafe { imports::query_chain(Region::of(request).address()) })
}

/// What an address function writes, or the text of its error.
pub fn addr_canonicalize(human: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let out = output_region(human.len() as u32 + 64);
    error_text(unsafe { api::canonicalize(Region::of(human).address(), out) })?;
    Ok(read_region(out))
}

pub fn addr_humanize(canonical: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    // Five bits of each byte make a character; prefix, separator and checksum come to 13.
    let out = output_region(2 * canonical.len() as u32 + 64);
    error_text(unsafe { api::humanize(Region::of(canonical).address(), out) })?;
    Ok(read_region(out))
}

pub fn error_text(address: u32) -> Result<(), Vec<u8>> {
    match address {
        0 => Ok(()),
        address => Err(read_region(address)),
    }
}

/// Calls the import of this name, whatever the arguments; those that are missing are 0. `Err` for a name that is none in this
/// version of the contract API.
pub fn call(name: &str, arguments: &[u32]) -> Result<Option<u64>, String> {
    let [a, b, c] = [0, 1, 2].map(|index| arguments.get(index).copied().unwrap_or(0));
    let result = unsafe {
        match name {
            "db_read" => imports::db_read(a).into(),
            "db_write" => return Ok(nothing(imports::db_write(a, b))),
            "db_remove" => return Ok(nothing(imports::db_remove(a))),
            "secp256k1_verify" => imports::secp256k1_verify(a, b, c).into(),
            "secp256k1_recover_pubkey" => imports::secp256k1_recover_pubkey(a, b, c),
            "secp256k1_sign" => imports::secp256k1_sign(a, b),
            "ed25519_verify" => imports::ed25519_verify(a, b, c).into(),
            "ed25519_batch_verify" => imports::ed25519_batch_verify(a, b, c).into(),
            "ed25519_sign" => imports::ed25519_sign(a, b),
            "query_chain" => imports::query_chain(a).into(),
            _ => return api::call(name, a, b).ok_or_else(|| format!("no import is called {}", name)),
        }
    };
    Ok(Some(result))
}

/// Sections as the host takes them: each element, then its length in four bytes, big-endian.
pub fn encode_sections<'a>(elements: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut sections = Vec::new();
    for element in elements {
        sections.extend_from_slice(element);
        sections.extend_from_slice(&(element.len() as u32).to_be_bytes());
    }
    sections
}

/// For an import without a result.
pub fn nothing(_: ()) -> Option<u64> {
    None
}
