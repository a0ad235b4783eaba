//! The entry points of IBC (contracts §3.5). Each records its message under its own name, then does what `on_call` left for it.

use crate::json::{object, Json};
use crate::run::{self, Response};
use crate::v1::{error, new_call, recorded};

/// What a channel is opened with; without data nothing, hence the version of the counterparty.
fn opened(response: Response) -> Json {
    let version = |data: Vec<u8>| object([("version", String::from_utf8_lossy(&data).into_owned().into())]);
    response.data.map(version).into()
}

fn basic(response: Response) -> Json {
    object([
        ("messages", response.messages.into()),
        ("attributes", response.attributes.into()),
        ("events", response.events.into()),
    ])
}

fn received(response: Response) -> Json {
    object([
        ("acknowledgement", response.data.unwrap_or_default().as_slice().into()),
        ("messages", response.messages.into()),
        ("attributes", response.attributes.into()),
        ("events", response.events.into()),
    ])
}

fn enter(name: &str, env: u32, message: u32, output: fn(Response) -> Json) -> u32 {
    let call = new_call(env, None, message);
    match recorded(&call, name, run::on_call_key(name)) {
        Ok(op) => run::respond_as(call, Some(op), output),
        Err(why) => run::fail(error(why)),
    }
}

#[no_mangle]
extern "C" fn ibc_channel_open(env: u32, message: u32) -> u32 {
    enter("ibc_channel_open", env, message, opened)
}

#[no_mangle]
extern "C" fn ibc_channel_connect(env: u32, message: u32) -> u32 {
    enter("ibc_channel_connect", env, message, basic)
}

#[no_mangle]
extern "C" fn ibc_channel_close(env: u32, message: u32) -> u32 {
    enter("ibc_channel_close", env, message, basic)
}

#[no_mangle]
extern "C" fn ibc_packet_receive(env: u32, message: u32) -> u32 {
    enter("ibc_packet_receive", env, message, received)
}

#[no_mangle]
extern "C" fn ibc_packet_ack(env: u32, message: u32) -> u32 {
    enter("ibc_packet_ack", env, message, basic)
}

#[no_mangle]
extern "C" fn ibc_packet_timeout(env: u32, message: u32) -> u32 {
    enter("ibc_packet_timeout", env, message, basic)
}
