//! The contract API of CosmWasm 0.10, as the network has it (contracts §3.1, §5.2, §7).

use serde::Serialize;

use crate::json::{object, Binary, Json};
use crate::memory::read_region;
use crate::op::Attribute;
use crate::run::{self, Call, Failure, Response};

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

#[derive(Serialize)]
pub struct Output {
    messages: Vec<Json>,
    log: Vec<Attribute>,
    data: Option<Binary>,
}

/// Events do not exist in this version: what `event` adds is dropped.
impl From<Response> for Output {
    fn from(response: Response) -> Output {
        Output {
            messages: response.messages,
            log: response.attributes,
            data: response.data,
        }
    }
}

/// What stands behind `Err`.
pub fn error(failure: Failure) -> Json {
    match failure {
        Failure::Text(text) => object([("generic_err", object([("msg", Json::Text(text))]))]),
        Failure::Json(json) => json,
    }
}

/// A message for `send` that executes a contract.
pub fn execute_message(contract_addr: &str, code_hash: &str, message: &Binary) -> Json {
    let execute = object([
        ("contract_addr", contract_addr.into()),
        ("callback_code_hash", code_hash.into()),
        ("msg", Json::Text(message.to_base64())),
        ("send", Json::List(vec![])),
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
