//! The imports, without a library in between: as little as possible stands between a message and the host.

use std::ptr;

mod imports {
    extern "C" {
        pub fn db_read(key: u32) -> u32;
        pub fn db_write(key: u32, value: u32);
        pub fn db_remove(key: u32);
        pub fn addr_validate(human: u32) -> u32;
        pub fn addr_canonicalize(human: u32, out: u32) -> u32;
        pub fn addr_humanize(canonical: u32, out: u32) -> u32;
        pub fn secp256k1_verify(hash: u32, signature: u32, public_key: u32) -> u32;
        pub fn secp256k1_recover_pubkey(hash: u32, signature: u32, recovery_param: u32) -> u64;
        pub fn secp256k1_sign(message: u32, private_key: u32) -> u64;
        pub fn ed25519_verify(message: u32, signature: u32, public_key: u32) -> u32;
        pub fn ed25519_batch_verify(messages: u32, signatures: u32, public_keys: u32) -> u32;
        pub fn ed25519_sign(message: u32, seed: u32) -> u64;
        pub fn dcap_quote_verify(quote: u32, collateral: u32) -> u64;
        pub fn debug(text: u32);
        pub fn query_chain(request: u32) -> u32;
        pub fn check_gas() -> u64;
        pub fn gas_evaporate(amount: u32) -> u32;
    }
}

/// How the host is told of bytes in memory.
#[repr(C)]
pub struct Region {
    pub offset: u32,
    pub capacity: u32,
    pub length: u32,
}

impl Region {
    /// Of bytes that outlive the region. The offset is never 0, which the host refuses even for no bytes.
    pub fn of(bytes: &[u8]) -> Region {
        Region {
            offset: bytes.as_ptr() as u32,
            capacity: bytes.len() as u32,
            length: bytes.len() as u32,
        }
    }

    pub fn address(&self) -> u32 {
        self as *const Region as u32
    }
}

/// Copies what a region describes. Nothing is ever freed: a call does not last long.
pub fn read_region(address: u32) -> Vec<u8> {
    unsafe {
        let region = &*(address as *const Region);
        let mut bytes = vec![0; region.length as usize];
        ptr::copy_nonoverlapping(region.offset as *const u8, bytes.as_mut_ptr(), bytes.len());
        bytes
    }
}

/// The address of a region that stays.
pub fn leak_region(region: Region) -> u32 {
    Box::leak(Box::new(region)).address()
}

pub fn leak_bytes(bytes: Vec<u8>) -> u32 {
    leak_region(Region::of(Box::leak(bytes.into_boxed_slice())))
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

/// What an address function says: nothing, or why not.
pub fn addr_validate(human: &[u8]) -> Result<(), Vec<u8>> {
    error_text(unsafe { imports::addr_validate(Region::of(human).address()) })
}

pub fn addr_canonicalize(human: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let out = output_region(human.len());
    error_text(unsafe { imports::addr_canonicalize(Region::of(human).address(), out) })?;
    Ok(read_region(out))
}

pub fn addr_humanize(canonical: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    // Five bits of each byte make a character; prefix, separator and checksum come to 13.
    let out = output_region(2 * canonical.len() + 64);
    error_text(unsafe { imports::addr_humanize(Region::of(canonical).address(), out) })?;
    Ok(read_region(out))
}

pub fn secp256k1_verify(hash: &[u8], signature: &[u8], public_key: &[u8]) -> u32 {
    let (hash, signature, public_key) = (Region::of(hash), Region::of(signature), Region::of(public_key));
    unsafe { imports::secp256k1_verify(hash.address(), signature.address(), public_key.address()) }
}

pub fn secp256k1_recover_pubkey(hash: &[u8], signature: &[u8], recovery_param: u32) -> u64 {
    let (hash, signature) = (Region::of(hash), Region::of(signature));
    unsafe { imports::secp256k1_recover_pubkey(hash.address(), signature.address(), recovery_param) }
}

pub fn secp256k1_sign(message: &[u8], private_key: &[u8]) -> u64 {
    let (message, private_key) = (Region::of(message), Region::of(private_key));
    unsafe { imports::secp256k1_sign(message.address(), private_key.address()) }
}

pub fn ed25519_verify(message: &[u8], signature: &[u8], public_key: &[u8]) -> u32 {
    let (message, signature, public_key) = (Region::of(message), Region::of(signature), Region::of(public_key));
    unsafe { imports::ed25519_verify(message.address(), signature.address(), public_key.address()) }
}

pub fn ed25519_batch_verify(messages: &[u8], signatures: &[u8], public_keys: &[u8]) -> u32 {
    let (messages, signatures, public_keys) =
        (Region::of(messages), Region::of(signatures), Region::of(public_keys));
    unsafe { imports::ed25519_batch_verify(messages.address(), signatures.address(), public_keys.address()) }
}

pub fn ed25519_sign(message: &[u8], private_key: &[u8]) -> u64 {
    let (message, private_key) = (Region::of(message), Region::of(private_key));
    unsafe { imports::ed25519_sign(message.address(), private_key.address()) }
}

pub fn dcap_quote_verify(quote: &[u8], collateral: &[u8]) -> u64 {
    let (quote, collateral) = (Region::of(quote), Region::of(collateral));
    unsafe { imports::dcap_quote_verify(quote.address(), collateral.address()) }
}

pub fn debug(text: &[u8]) {
    unsafe { imports::debug(Region::of(text).address()) }
}

pub fn query_chain(request: &[u8]) -> Vec<u8> {
    read_region(unsafe { imports::query_chain(Region::of(request).address()) })
}

pub fn check_gas() -> u64 {
    unsafe { imports::check_gas() }
}

pub fn gas_evaporate(amount: u32) -> u32 {
    unsafe { imports::gas_evaporate(amount) }
}

/// Calls the import of this name, whatever the arguments; those that are missing are 0. `Err` for a name that is none.
pub fn call(name: &str, arguments: &[u32]) -> Result<Option<u64>, String> {
    let [a, b, c] = [0, 1, 2].map(|index| arguments.get(index).copied().unwrap_or(0));
    let result = unsafe {
        match name {
            "db_read" => imports::db_read(a).into(),
            "db_write" => return Ok(nothing(imports::db_write(a, b))),
            "db_remove" => return Ok(nothing(imports::db_remove(a))),
            "addr_validate" => imports::addr_validate(a).into(),
            "addr_canonicalize" => imports::addr_canonicalize(a, b).into(),
            "addr_humanize" => imports::addr_humanize(a, b).into(),
            "secp256k1_verify" => imports::secp256k1_verify(a, b, c).into(),
            "secp256k1_recover_pubkey" => imports::secp256k1_recover_pubkey(a, b, c),
            "secp256k1_sign" => imports::secp256k1_sign(a, b),
            "ed25519_verify" => imports::ed25519_verify(a, b, c).into(),
            "ed25519_batch_verify" => imports::ed25519_batch_verify(a, b, c).into(),
            "ed25519_sign" => imports::ed25519_sign(a, b),
            "dcap_quote_verify" => imports::dcap_quote_verify(a, b),
            "debug" => return Ok(nothing(imports::debug(a))),
            "query_chain" => imports::query_chain(a).into(),
            "check_gas" => imports::check_gas(),
            "gas_evaporate" => imports::gas_evaporate(a).into(),
            _ => return Err(format!("no import is called {}", name)),
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

fn nothing(_: ()) -> Option<u64> {
    None
}

fn error_text(address: u32) -> Result<(), Vec<u8>> {
    match address {
        0 => Ok(()),
        address => Err(read_region(address)),
    }
}

/// An empty region into which the host can write `capacity` bytes and a few more.
fn output_region(capacity: usize) -> u32 {
    let buffer = Box::leak(vec![0u8; capacity + 64].into_boxed_slice());
    leak_region(Region {
        offset: buffer.as_ptr() as u32,
        capacity: buffer.len() as u32,
        length: 0,
    })
}
