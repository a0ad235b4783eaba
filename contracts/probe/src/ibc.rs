//! The entry points of IBC (contracts §3.5). Each records its message under its own name, then does what `on_call` left for it.

use serde::Serialize;

use crate::json::{Binary, Json};
use crate::op::{Attribute, Event};
use crate::run::{self, Response};
use crate::v1::{new_call, recorded};

/// What a channel is opened with; without data nothing, hence the version of the counterparty.
#[derive(Serialize)]
struct Opened {
    version: String,
}

#[derive(Serialize)]
struct Basic {
    messages: Vec<Json>,
    attributes: Vec<Attribute>,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Received {
    acknowledgement: Binary,
    messages: Vec<Json>,
    attributes: Vec<Attribute>,
    events: Vec<Event>,
}

fn opened(response: Response) -> Option<Opened> {
    let version = |data: Binary| String::from_utf8_lossy(&data).into_owned();
    response.data.map(|data| Opened { version: version(data) })
}

fn basic(response: Response) -> Basic {
    let Response { messages, attributes, events, .. } = response;
    Basic { messages, attributes, events }
}

fn received(response: Response) -> Received {
    let Response { messages, attributes, events, data } = response;
    let acknowledgement = data.unwrap_or_default();
    Received { acknowledgement, messages, attributes, events }
}

fn enter<T: Serialize>(name: &str, env: u32, message: u32, shape: fn(Response) -> T) -> u32 {
    let call = new_call(env, None, message);
    match recorded(&call, name, run::on_call_key(name)) {
        Ok(op) => run::respond_as(call, Some(op), shape),
        Err(why) => run::fail(why.into()),
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
