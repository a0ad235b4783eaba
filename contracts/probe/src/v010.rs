//! The contract API of CosmWasm 0.10, as the network has it (contracts §3.1, §5.2, §7).

use crate::json::{object, Json};
use crate::memory::read_region;
use crate::run::{self, Call, Response};

mod imports {
    extern "C" {
        pub fn canonicalize_address(human: u32, out: u32) -> u32;
        pub fn humanize_address(canonical: u32, out: u32) -> u32;
    }
}

pub use imports::{canonicalize_address as canonicalize, humanize_address as humanize};

/// The imports that only this version has.
pub unsafe fn call(name: &str, a: u32, b: u32) -> Option<Option<u64>> {
    Some(Some(match name {
        "canonicalize_address" => imports::canonicalize_address(a, b).into(),
        "humanize_address" => imports::humanize_address(a, b).into(),
        _ => return None,
    }))
}

/// What stands behind `Ok`. Events do not exist in this version.
pub fn output(response: Response) -> Json {
    object([
        ("messages", response.messages.into()),
        ("log", response.attributes.into()),
        ("data", response.data.as_deref().into()),
    ])
}

/// What stands behind `Err` for a text.
pub fn error(text: String) -> Json {
    object([("generic_err", object([("msg", text.into())]))])
}

/// A message for `send` that executes a contract.
pub fn execute_message(contract_addr: &str, code_hash: &str, message: &Json) -> Json {
    let execute = object([
        ("contract_addr", contract_addr.into()),
        ("callback_code_hash", code_hash.into()),
        ("msg", message.to_bytes().as_slice().into()),
        ("send", vec![].into()),
    ]);
    object([("wasm", object([("execute", execute)]))])
}

#[no_mangle]
extern "C" fn cosmwasm_vm_version_3() {}

#[no_mangle]
extern "C" fn requires_staking() {}

#[no_mangle]
extern "C" fn init(env: u32, message: u32) -> u32 {
    run::respond(new_call(env, message), None)
}

#[no_mangle]
extern "C" fn handle(env: u32, message: u32) -> u32 {
    run::respond(new_call(env, message), None)
}

#[no_mangle]
extern "C" fn migrate(env: u32, message: u32) -> u32 {
    run::respond(new_call(env, message), None)
}

#[no_mangle]
extern "C" fn query(message: u32) -> u32 {
    run::answer(Call::new(None, None, read_region(message)))
}

fn new_call(env: u32, message: u32) -> Call {
    Call::new(Some(read_region(env)), None, read_region(message))
}
