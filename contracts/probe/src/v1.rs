//! The contract API of CosmWasm 1.0, as the network has it (contracts §3.1, §5.2).

use serde::Deserialize;

use crate::host::{self, db_write};
use crate::json::{object, Json};
use crate::memory::read_region;
use crate::op::Op;
use crate::run::{self, Call, Response};

mod imports {
    extern "C" {
        pub fn addr_validate(human: u32) -> u32;
        pub fn addr_canonicalize(human: u32, out: u32) -> u32;
        pub fn addr_humanize(canonical: u32, out: u32) -> u32;
        pub fn dcap_quote_verify(quote: u32, collateral: u32) -> u64;
        pub fn debug(text: u32);
        pub fn check_gas() -> u64;
        pub fn gas_evaporate(amount: u32) -> u32;
    }
}

pub use imports::{addr_canonicalize as canonicalize, addr_humanize as humanize};

/// The imports that only this version has, and the two address functions.
pub unsafe fn call(name: &str, a: u32, b: u32) -> Option<Option<u64>> {
    Some(Some(match name {
        "addr_validate" => imports::addr_validate(a).into(),
        "addr_canonicalize" => imports::addr_canonicalize(a, b).into(),
        "addr_humanize" => imports::addr_humanize(a, b).into(),
        "dcap_quote_verify" => imports::dcap_quote_verify(a, b),
        "debug" => return Some(host::nothing(imports::debug(a))),
        "check_gas" => imports::check_gas(),
        "gas_evaporate" => imports::gas_evaporate(a).into(),
        _ => return None,
    }))
}

/// What stands behind `Ok`.
pub fn output(response: Response) -> Json {
    object([
        ("messages", response.messages.into()),
        ("attributes", response.attributes.into()),
        ("events", response.events.into()),
        ("data", response.data.as_deref().into()),
    ])
}

/// What stands behind `Err` for a text.
pub fn error(text: String) -> Json {
    text.into()
}

/// A message for `send` that executes a contract.
pub fn execute_message(contract_addr: &str, code_hash: &str, message: &Json) -> Json {
    let execute = object([
        ("contract_addr", contract_addr.into()),
        ("code_hash", code_hash.into()),
        ("msg", message.to_bytes().as_slice().into()),
        ("send", vec![].into()),
    ]);
    object([
        ("id", 0u32.into()),
        ("msg", object([("wasm", object([("execute", execute)]))])),
        ("gas_limit", Json::Null),
        ("reply_on", "never".into()),
    ])
}

#[no_mangle]
extern "C" fn interface_version_8() {}

#[no_mangle]
extern "C" fn requires_staking() {}

#[no_mangle]
extern "C" fn requires_stargate() {}

#[cfg(feature = "v2")]
#[no_mangle]
extern "C" fn requires_random() {}

#[no_mangle]
extern "C" fn instantiate(env: u32, info: u32, message: u32) -> u32 {
    run::respond(new_call(env, Some(info), message), None)
}

#[no_mangle]
extern "C" fn execute(env: u32, info: u32, message: u32) -> u32 {
    run::respond(new_call(env, Some(info), message), None)
}

#[no_mangle]
extern "C" fn migrate(env: u32, message: u32) -> u32 {
    run::respond(new_call(env, None, message), None)
}

#[no_mangle]
extern "C" fn query(env: u32, message: u32) -> u32 {
    run::answer(new_call(env, None, message))
}

/// Records what it is told, since nobody sees its response (only transfer hooks reach it), then does what `on_call` left for it.
#[no_mangle]
extern "C" fn sudo(env: u32, message: u32) -> u32 {
    let call = new_call(env, None, message);
    match recorded(&call, "sudo", run::on_call_key("sudo")) {
        Ok(op) => run::respond(call, Some(op)),
        Err(why) => run::fail(error(why)),
    }
}

/// Records the reply under `reply/<id>`, then does what `on_reply` left for it.
#[no_mangle]
extern "C" fn reply(env: u32, message: u32) -> u32 {
    /// All that is needed of it; the rest is passed over.
    #[derive(Deserialize)]
    struct ReplyId {
        id: u64,
    }

    let call = new_call(env, None, message);
    let op = serde_json_wasm::from_slice(&call.message)
        .map_err(|why| why.to_string())
        .and_then(|ReplyId { id }| recorded(&call, &format!("reply/{}", id), run::on_reply_key(id)));
    match op {
        Ok(op) => run::respond(call, Some(op)),
        Err(why) => run::fail(error(why)),
    }
}

/// Stores the message of a call. What is to be done then is stored at `left`; nothing, if it is not.
pub fn recorded(call: &Call, key: &str, left: Vec<u8>) -> Result<Op, String> {
    db_write(key.as_bytes(), &call.message);
    match host::db_read(&left) {
        None => Ok(Op::Noop {}),
        Some(stored) => serde_json_wasm::from_slice(&stored).map_err(|why| why.to_string()),
    }
}

pub fn new_call(env: u32, info: Option<u32>, message: u32) -> Call {
    Call::new(Some(read_region(env)), info.map(read_region), read_region(message))
}
