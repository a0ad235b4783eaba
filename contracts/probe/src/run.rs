//! From operation to outcome, and from outcome to output.

use serde::Serialize;

use crate::host;
use crate::json::{object, Binary, Json};
use crate::memory;
use crate::misbehave;
use crate::op::{Argument, Attribute, Event, Op, Outcome};
use crate::{api, VERSION};

/// What the operations of one call share.
pub struct Call {
    pub env: Option<Vec<u8>>,
    pub info: Option<Vec<u8>>,
    pub message: Vec<u8>,
    /// Everything but its data.
    response: Response,
    /// What `set_data` asked for.
    data: Option<Option<Binary>>,
    /// The address of a region to return instead of the response.
    raw_result: Option<u32>,
}

impl Call {
    pub fn new(env: Option<Vec<u8>>, info: Option<Vec<u8>>, message: Vec<u8>) -> Call {
        Call {
            env,
            info,
            message,
            response: Response::default(),
            data: None,
            raw_result: None,
        }
    }
}

/// What every version of the contract API makes its output of.
#[derive(Default)]
pub struct Response {
    pub messages: Vec<Json>,
    pub attributes: Vec<Attribute>,
    pub events: Vec<Event>,
    pub data: Option<Binary>,
}

/// With what a call is to fail.
pub enum Failure {
    Text(String),
    Json(Json),
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        Failure::Text(text)
    }
}

#[derive(Serialize)]
enum Output<T> {
    Ok(T),
    Err(Json),
}

/// Does `op`, or without one what the message says, and returns the response.
pub fn respond(call: Call, op: Option<Op>) -> u32 {
    respond_as(call, op, api::Output::from)
}

/// The same in a shape of its own. A null outcome becomes no data, so that a reply which says nothing leaves the data of the
/// call it belongs to as they were.
pub fn respond_as<T: Serialize>(mut call: Call, op: Option<Op>, shape: fn(Response) -> T) -> u32 {
    let op = op.map_or_else(|| parse(&call), Ok);
    let outcome = op.and_then(|op| run(&mut call, op));
    if let Some(address) = call.raw_result {
        return address;
    }
    let data = match outcome {
        Ok(Outcome::Nothing) => None,
        Ok(outcome) => Some(encode(&outcome)),
        Err(failure) => return fail(failure),
    };
    call.response.data = call.data.unwrap_or(data);
    output(&Output::Ok(shape(call.response)))
}

/// The same for a query.
pub fn answer(mut call: Call) -> u32 {
    let outcome = parse(&call).and_then(|op| run(&mut call, op));
    if let Some(address) = call.raw_result {
        return address;
    }
    match outcome {
        Ok(outcome) => output(&Output::Ok(call.data.flatten().unwrap_or_else(|| encode(&outcome)))),
        Err(failure) => fail(failure),
    }
}

pub fn fail(failure: Failure) -> u32 {
    output(&Output::<()>::Err(api::error(failure)))
}

fn output<T: Serialize>(output: &Output<T>) -> u32 {
    memory::leak_bytes(to_json(output))
}

fn parse(call: &Call) -> Result<Op, Failure> {
    serde_json_wasm::from_slice(&call.message).map_err(|why| Failure::Text(why.to_string()))
}

fn encode(outcome: &Outcome) -> Binary {
    Binary(to_json(outcome))
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    match serde_json_wasm::to_vec(value) {
        Ok(json) => json,
        // Everything here has a JSON form; should it not, there is nothing left to say it with.
        Err(_) => misbehave::unreachable(),
    }
}

fn run(call: &mut Call, op: Op) -> Result<Outcome, Failure> {
    let outcome = match op {
        Op::Noop {} => Outcome::Nothing,
        Op::Run { ops } => {
            let outcomes = ops.into_iter().map(|op| run(call, op));
            Outcome::List(outcomes.collect::<Result<Vec<_>, _>>()?)
        }
        Op::Repeat { count, op } => {
            for _ in 0..count {
                run(call, (*op).clone())?;
            }
            Outcome::Nothing
        }
        Op::Version {} => Outcome::Text(VERSION.to_string()),
        Op::EchoEnv {} => call.env.clone().map_or(Outcome::Nothing, text),
        Op::EchoInfo {} => call.info.clone().map_or(Outcome::Nothing, text),
        Op::EchoMessage {} => text(call.message.clone()),
        Op::LargeOutcome { length } => text(vec![b'x'; length as usize]),

        Op::Set { key, value } => done(host::db_write(&key, &value)),
        Op::Get { key } => host::db_read(&key).map_or(Outcome::Nothing, bytes),
        Op::Remove { key } => done(host::db_remove(&key)),
        Op::SetMany { prefix, count, size } => {
            let value = vec![b'v'; size as usize];
            done((0..count).for_each(|number| host::db_write(&numbered(&prefix, number), &value)))
        }
        Op::GetMany { prefix, count } => {
            let found = (0..count).filter(|number| host::db_read(&numbered(&prefix, *number)).is_some());
            Outcome::Number(found.count() as u64)
        }
        Op::RemoveMany { prefix, count } => {
            done((0..count).for_each(|number| host::db_remove(&numbered(&prefix, number))))
        }
        Op::SetLongKey { length, value } => done(host::db_write(&vec![b'k'; length as usize], &value)),
        Op::GetLongKey { length } => {
            host::db_read(&vec![b'k'; length as usize]).map_or(Outcome::Nothing, bytes)
        }

        Op::AddrValidate { address, bytes } => {
            match host::error_text(host::call_with("addr_validate", &[&either(address, bytes)])? as u32) {
                Ok(()) => Outcome::Nothing,
                Err(why) => error(why),
            }
        }
        Op::AddrCanonicalize { address, bytes: raw } => {
            host::addr_canonicalize(&either(address, raw)).map_or_else(error, bytes)
        }
        Op::AddrHumanize { canonical } => host::addr_humanize(&canonical).map_or_else(error, text),

        Op::Secp256k1Verify { hash, signature, public_key } => {
            Outcome::Number(host::call_with("secp256k1_verify", &[&hash, &signature, &public_key])?)
        }
        Op::Secp256k1RecoverPubkey { hash, signature, recovery_param } => {
            let arguments = [&hash, &signature].map(|bytes| memory::leak_region(memory::Region::of(bytes)));
            let arguments = [arguments[0], arguments[1], recovery_param];
            bytes_or_code(host::call("secp256k1_recover_pubkey", &arguments)?.unwrap_or(0))
        }
        Op::Secp256k1Sign { message, private_key } => {
            bytes_or_code(host::call_with("secp256k1_sign", &[&message, &private_key])?)
        }
        Op::Ed25519Verify { message, signature, public_key } => {
            Outcome::Number(host::call_with("ed25519_verify", &[&message, &signature, &public_key])?)
        }
        Op::Ed25519BatchVerify { messages, signatures, public_keys } => {
            let sections = [messages, signatures, public_keys]
                .map(|elements| host::encode_sections(elements.iter().map(|element| &element[..])));
            let [messages, signatures, public_keys] = &sections;
            Outcome::Number(host::call_with("ed25519_batch_verify", &[messages, signatures, public_keys])?)
        }
        Op::Ed25519BatchVerifyRaw { messages, signatures, public_keys } => {
            Outcome::Number(host::call_with("ed25519_batch_verify", &[&messages, &signatures, &public_keys])?)
        }
        Op::Ed25519Sign { message, private_key } => {
            bytes_or_code(host::call_with("ed25519_sign", &[&message, &private_key])?)
        }
        Op::DcapQuoteVerify { quote, collateral } => {
            let (code, low) = halves(host::call_with("dcap_quote_verify", &[&quote, &collateral])?);
            if code == 0 {
                number(low)
            } else {
                Outcome::Code { code }
            }
        }

        Op::Debug { text } => {
            host::call_with("debug", &[text.as_bytes()])?;
            Outcome::Nothing
        }
        Op::QueryChain { request } => text(host::query_chain(request.as_bytes())),
        Op::CheckGas {} => Outcome::Number(host::call("check_gas", &[])?.unwrap_or(0)),
        Op::GasEvaporate { amount } => Outcome::Number(host::call("gas_evaporate", &[amount])?.unwrap_or(0)),
        Op::QueryAgain { contract_addr, code_hash, times } => match times.checked_sub(1) {
            None => Outcome::Nothing,
            Some(times) => text(query_again(contract_addr, code_hash, times)),
        },
        Op::CallImport { name, arguments } => {
            let arguments: Vec<u32> = arguments.into_iter().map(lower).collect();
            host::call(&name, &arguments)?.map_or(Outcome::Nothing, Outcome::Number)
        }

        Op::Panic { message } => panic!("{}", message),
        Op::Fail { text } => return Err(Failure::Text(text)),
        Op::FailWith { error } => return Err(Failure::Json(error)),
        Op::Unreachable {} => misbehave::unreachable(),
        Op::Divide { dividend, divisor } => signed(misbehave::divide(dividend, divisor)),
        Op::Remainder { dividend, divisor } => signed(misbehave::remainder(dividend, divisor)),
        Op::CallIndirect { index } => signed(misbehave::call_indirect(index)),
        Op::CallWrongSignature {} => signed(misbehave::call_wrong_signature()),
        Op::EndlessLoop {} => misbehave::endless_loop(),
        Op::Recurse { depth } => number(misbehave::recurse(depth, 1)),
        Op::RecurseInMemory { depth } => number(misbehave::recurse_in_memory(depth)),
        Op::MemoryGrow { pages } => Outcome::Signed(misbehave::grow(pages)),
        Op::MemoryGrowUntilRefused {} => Outcome::Number(misbehave::grow_until_refused()),
        Op::MemorySize {} => Outcome::Number(misbehave::size()),
        Op::Allocate { length } => Outcome::Number(misbehave::allocate(length)),
        Op::NextAllocate { how } => done(memory::misallocate_next(how)),
        Op::ReadMemory { address } => number(misbehave::read_memory(address).into()),
        Op::WriteMemory { address, value } => done(misbehave::write_memory(address, value)),
        Op::Compute { iterations } => number(misbehave::compute(iterations)),
        #[cfg(feature = "floats")]
        Op::Float { numerator, denominator } => Outcome::Number(misbehave::float(numerator, denominator)),

        Op::Receive {} => done(host::db_write(b"received", &call.message)),

        Op::Attribute { key, value, plaintext } => {
            let encrypted = Some(!plaintext.unwrap_or(false));
            done(call.response.attributes.push(Attribute { key, value, encrypted }))
        }
        Op::Event { .. } if cfg!(feature = "v010") => {
            return Err(Failure::Text("version 0.10 has no events".to_string()));
        }
        Op::Event { r#type, attributes } => done(call.response.events.push(Event { r#type, attributes })),
        Op::SetData { data } => done(call.data = Some(data)),
        Op::Send { messages } => done(call.response.messages.extend(messages)),
        Op::ExecuteAgain { contract_addr, code_hash, times } => {
            if let Some(times) = times.checked_sub(1) {
                call.response.messages.push(execute_again(contract_addr, code_hash, times));
            }
            Outcome::Nothing
        }
        Op::OnReply { id, op } => done(host::db_write(&on_reply_key(id), &to_json(&op))),
        Op::OnCall { entry, op } => done(host::db_write(&on_call_key(&entry), &to_json(&op))),
        Op::RawOutput { output } => done(call.raw_result = Some(memory::leak_bytes(output.0))),
        Op::RawOutputOf { head, body, count, tail } => {
            let mut output = Vec::with_capacity(head.len() + body.len() * count as usize + tail.len());
            output.extend_from_slice(head.as_bytes());
            (0..count).for_each(|_| output.extend_from_slice(body.as_bytes()));
            output.extend_from_slice(tail.as_bytes());
            done(call.raw_result = Some(memory::leak_bytes(output)))
        }
        Op::RawPointer { pointer } => done(call.raw_result = Some(pointer)),
    };
    Ok(outcome)
}

/// Under which the operation for a reply is stored.
pub fn on_reply_key(id: u64) -> Vec<u8> {
    format!("on_reply/{}", id).into_bytes()
}

/// The same for `sudo` and the entry points of IBC.
pub fn on_call_key(entry: &str) -> Vec<u8> {
    format!("on_call/{}", entry).into_bytes()
}

fn query_again(contract_addr: String, code_hash: String, times: u32) -> Vec<u8> {
    let op = Op::QueryAgain {
        contract_addr: contract_addr.clone(),
        code_hash: code_hash.clone(),
        times,
    };
    let smart = object([
        ("contract_addr", Json::Text(contract_addr)),
        ("callback_code_hash", Json::Text(code_hash)),
        ("msg", Json::Text(Binary(to_json(&op)).to_base64())),
    ]);
    host::query_chain(&to_json(&object([("wasm", object([("smart", smart)]))])))
}

fn execute_again(contract_addr: String, code_hash: String, times: u32) -> Json {
    let op = Op::ExecuteAgain {
        contract_addr: contract_addr.clone(),
        code_hash: code_hash.clone(),
        times,
    };
    api::execute_message(&contract_addr, &code_hash, &Binary(to_json(&op)))
}

fn numbered(prefix: &[u8], number: u32) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

fn either(text: Option<String>, bytes: Option<Binary>) -> Vec<u8> {
    bytes.map_or_else(|| text.unwrap_or_default().into_bytes(), |bytes| bytes.0)
}

fn lower(argument: Argument) -> u32 {
    match argument {
        Argument::Number { value } => value,
        Argument::Region { data, offset, capacity, length } => {
            let data = Box::leak(data.unwrap_or_default().0.into_boxed_slice());
            let region = memory::Region::of(data);
            memory::leak_region(memory::Region {
                offset: offset.unwrap_or(region.offset),
                capacity: capacity.unwrap_or(region.capacity),
                length: length.unwrap_or(region.length),
            })
        }
    }
}

fn halves(result: u64) -> (u32, u32) {
    ((result >> 32) as u32, result as u32)
}

fn bytes_or_code(result: u64) -> Outcome {
    match halves(result) {
        (0, address) => bytes(memory::read_region(address)),
        (code, _) => Outcome::Code { code },
    }
}

fn done(_: ()) -> Outcome {
    Outcome::Nothing
}

fn number(value: u32) -> Outcome {
    Outcome::Number(value.into())
}

fn signed(value: i32) -> Outcome {
    Outcome::Signed(value.into())
}

fn bytes(value: Vec<u8>) -> Outcome {
    Outcome::Bytes(Binary(value))
}

fn text(value: Vec<u8>) -> Outcome {
    Outcome::Text(lossy(value))
}

fn error(why: Vec<u8>) -> Outcome {
    Outcome::Error { error: lossy(why) }
}

fn lossy(value: Vec<u8>) -> String {
    String::from_utf8_lossy(&value).into_owned()
}
