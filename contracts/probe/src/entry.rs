//! Entry points. `interface_version_8`, `allocate`, `deallocate` and `requires_*` come with the library.

use cosmwasm_std::{from_slice, to_vec, Binary, ContractResult, Response};
use serde::Deserialize;

use crate::host::{db_read, db_write, leak_bytes, read_region};
use crate::op::{Op, Outcome};
use crate::run::{on_reply_key, run, Call};

#[no_mangle]
extern "C" fn instantiate(env: u32, info: u32, message: u32) -> u32 {
    respond(new_call(env, Some(info), message), None)
}

#[no_mangle]
extern "C" fn execute(env: u32, info: u32, message: u32) -> u32 {
    respond(new_call(env, Some(info), message), None)
}

#[no_mangle]
extern "C" fn migrate(env: u32, message: u32) -> u32 {
    respond(new_call(env, None, message), None)
}

/// Records what it is told, since nobody sees its response. Reached only from transfer hooks.
#[no_mangle]
extern "C" fn sudo(env: u32, message: u32) -> u32 {
    let call = new_call(env, None, message);
    db_write(b"sudo", &call.message);
    respond(call, Some(Op::Noop {}))
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
    let id = match from_slice::<ReplyId>(&call.message) {
        Ok(reply) => reply.id,
        Err(why) => return fail(why.to_string()),
    };
    db_write(format!("reply/{}", id).as_bytes(), &call.message);
    let op = match db_read(&on_reply_key(id)) {
        None => Op::Noop {},
        Some(stored) => match from_slice(&stored) {
            Ok(op) => op,
            Err(why) => return fail(why.to_string()),
        },
    };
    respond(call, Some(op))
}

#[no_mangle]
extern "C" fn query(env: u32, message: u32) -> u32 {
    let mut call = new_call(env, None, message);
    let outcome = parse(&call).and_then(|op| run(&mut call, op)).and_then(encode);
    if let Some(address) = call.raw_result {
        return address;
    }
    match outcome {
        Ok(outcome) => output(&ContractResult::Ok(call.data.flatten().unwrap_or(outcome))),
        Err(text) => fail(text),
    }
}

fn new_call(env: u32, info: Option<u32>, message: u32) -> Call {
    Call {
        env: read_region(env),
        info: info.map(read_region),
        message: read_region(message),
        response: Response::new(),
        data: None,
        raw_result: None,
    }
}

/// Does `op`, or without one what the message says, and returns the response. A null outcome becomes no data, so that a reply
/// which says nothing leaves the data of the call it belongs to as they were.
fn respond(mut call: Call, op: Option<Op>) -> u32 {
    let op = op.map_or_else(|| parse(&call), Ok);
    let outcome = op.and_then(|op| run(&mut call, op));
    if let Some(address) = call.raw_result {
        return address;
    }
    let data = match outcome {
        Ok(Outcome::Nothing) => Ok(None),
        Ok(outcome) => encode(outcome).map(Some),
        Err(text) => Err(text),
    };
    match data {
        Ok(data) => {
            call.response.data = call.data.unwrap_or(data);
            output(&ContractResult::Ok(call.response))
        }
        Err(text) => fail(text),
    }
}

fn parse(call: &Call) -> Result<Op, String> {
    from_slice(&call.message).map_err(|why| why.to_string())
}

fn encode(outcome: Outcome) -> Result<Binary, String> {
    to_vec(&outcome).map(Binary::from).map_err(|why| why.to_string())
}

fn fail(text: String) -> u32 {
    output(&ContractResult::<Response>::Err(text))
}

fn output<T: serde::Serialize>(result: &ContractResult<T>) -> u32 {
    match to_vec(result) {
        Ok(bytes) => leak_bytes(bytes),
        // A result always has a JSON form; should it not, there is nothing left to say it with.
        Err(_) => core::arch::wasm32::unreachable(),
    }
}
