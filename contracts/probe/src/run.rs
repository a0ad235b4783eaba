//! From operation to outcome, and from outcome to output.

use crate::host;
use crate::json::{object, Binary, Json};
use crate::memory;
use crate::misbehave;
use crate::op::{Argument, Op};
use crate::{api, VERSION};

/// What the operations of one call share.
pub struct Call {
    pub env: Option<Vec<u8>>,
    pub info: Option<Vec<u8>>,
    pub message: Vec<u8>,
    /// Everything but its data.
    response: Response,
    /// What `set_data` asked for.
    data: Option<Option<Vec<u8>>>,
    /// The address of a region to return instead of the response.
    raw_result: Option<u32>,
}

impl Call {
    pub fn new(env: Option<Vec<u8>>, info: Option<Vec<u8>>, message: Vec<u8>) -> Call {
        Call { env, info, message, response: Response::default(), data: None, raw_result: None }
    }
}

/// What every version of the contract API makes its output of.
#[derive(Default)]
pub struct Response {
    pub messages: Vec<Json>,
    pub attributes: Vec<Json>,
    pub events: Vec<Json>,
    pub data: Option<Vec<u8>>,
}

/// Does `op`, or without one what the message says, and returns the response.
pub fn respond(call: Call, op: Option<Op>) -> u32 {
    respond_as(call, op, api::output)
}

/// The same with an output of another shape. A null outcome becomes no data, so that a reply which says nothing leaves the data
/// of the call it belongs to as they were.
pub fn respond_as(mut call: Call, op: Option<Op>, output: fn(Response) -> Json) -> u32 {
    let op = op.map_or_else(|| parse(&call), Ok);
    let outcome = op.and_then(|op| run(&mut call, op));
    if let Some(address) = call.raw_result {
        return address;
    }
    let data = match outcome {
        Ok(Json::Null) => None,
        Ok(outcome) => Some(outcome.to_bytes()),
        Err(error) => return fail(error),
    };
    call.response.data = call.data.unwrap_or(data);
    succeed(output(call.response))
}

/// The same for a query.
pub fn answer(mut call: Call) -> u32 {
    let outcome = parse(&call).and_then(|op| run(&mut call, op));
    if let Some(address) = call.raw_result {
        return address;
    }
    match outcome {
        Ok(outcome) => succeed(call.data.flatten().unwrap_or_else(|| outcome.to_bytes()).as_slice().into()),
        Err(error) => fail(error),
    }
}

fn succeed(value: Json) -> u32 {
    memory::leak_bytes(object([("Ok", value)]).to_bytes())
}

pub fn fail(error: Json) -> u32 {
    memory::leak_bytes(object([("Err", error)]).to_bytes())
}

fn parse(call: &Call) -> Result<Op, Json> {
    serde_json_wasm::from_slice(&call.message).map_err(|why| api::error(why.to_string()))
}

/// `Err` is what the call is to fail with.
fn run(call: &mut Call, op: Op) -> Result<Json, Json> {
    let outcome = match op {
        Op::Noop {} => Json::Null,
        Op::Run { ops } => {
            let outcomes = ops.into_iter().map(|op| run(call, op));
            outcomes.collect::<Result<Vec<_>, _>>()?.into()
        }
        Op::Repeat { count, op } => {
            for _ in 0..count {
                run(call, (*op).clone())?;
            }
            Json::Null
        }
        Op::Version {} => VERSION.into(),
        Op::EchoEnv {} => call.env.clone().map_or(Json::Null, text),
        Op::EchoInfo {} => call.info.clone().map_or(Json::Null, text),
        Op::EchoMessage {} => text(call.message.clone()),
        Op::LargeOutcome { length } => text(vec![b'x'; length as usize]),

        Op::Set { key, value } => done(host::db_write(&key, &value)),
        Op::Get { key } => host::db_read(&key).map_or(Json::Null, bytes),
        Op::Remove { key } => done(host::db_remove(&key)),
        Op::SetMany { prefix, count, size } => {
            let value = vec![b'v'; size as usize];
            done((0..count).for_each(|number| host::db_write(&numbered(&prefix, number), &value)))
        }
        Op::GetMany { prefix, count } => {
            let found = (0..count).filter(|number| host::db_read(&numbered(&prefix, *number)).is_some());
            (found.count() as u64).into()
        }
        Op::RemoveMany { prefix, count } => {
            done((0..count).for_each(|number| host::db_remove(&numbered(&prefix, number))))
        }
        Op::SetLongKey { length, value } => done(host::db_write(&vec![b'k'; length as usize], &value)),
        Op::GetLongKey { length } => host::db_read(&vec![b'k'; length as usize]).map_or(Json::Null, bytes),

        Op::AddrValidate { address, bytes } => {
            match host::error_text(call_with("addr_validate", &[&either(address, bytes)])? as u32) {
                Ok(()) => Json::Null,
                Err(why) => error(why),
            }
        }
        Op::AddrCanonicalize { address, bytes: raw } => {
            host::addr_canonicalize(&either(address, raw)).map_or_else(error, bytes)
        }
        Op::AddrHumanize { canonical } => host::addr_humanize(&canonical).map_or_else(error, text),

        Op::Secp256k1Verify { hash, signature, public_key } => {
            call_with("secp256k1_verify", &[&hash, &signature, &public_key])?.into()
        }
        Op::Secp256k1RecoverPubkey { hash, signature, recovery_param } => {
            let arguments = [&hash, &signature].map(|bytes| memory::leak_region(memory::Region::of(bytes)));
            let arguments = [arguments[0], arguments[1], recovery_param];
            bytes_or_code(import("secp256k1_recover_pubkey", &arguments)?.unwrap_or(0))
        }
        Op::Secp256k1Sign { message, private_key } => {
            bytes_or_code(call_with("secp256k1_sign", &[&message, &private_key])?)
        }
        Op::Ed25519Verify { message, signature, public_key } => {
            call_with("ed25519_verify", &[&message, &signature, &public_key])?.into()
        }
        Op::Ed25519BatchVerify { messages, signatures, public_keys } => {
            let sections = [messages, signatures, public_keys]
                .map(|elements| host::encode_sections(elements.iter().map(|element| &element[..])));
            let [messages, signatures, public_keys] = &sections;
            call_with("ed25519_batch_verify", &[messages, signatures, public_keys])?.into()
        }
        Op::Ed25519BatchVerifyRaw { messages, signatures, public_keys } => {
            call_with("ed25519_batch_verify", &[&messages, &signatures, &public_keys])?.into()
        }
        Op::Ed25519Sign { message, private_key } => {
            bytes_or_code(call_with("ed25519_sign", &[&message, &private_key])?)
        }
        Op::DcapQuoteVerify { quote, collateral } => {
            let (code, low) = halves(call_with("dcap_quote_verify", &[&quote, &collateral])?);
            match code {
                0 => low.into(),
                _ => object([("code", code.into())]),
            }
        }

        Op::Debug { text } => {
            call_with("debug", &[text.as_bytes()])?;
            Json::Null
        }
        Op::QueryChain { request } => text(host::query_chain(request.as_bytes())),
        Op::CheckGas {} => import("check_gas", &[])?.into(),
        Op::GasEvaporate { amount } => import("gas_evaporate", &[amount])?.into(),
        Op::QueryAgain { contract_addr, code_hash, times } => match times.checked_sub(1) {
            None => Json::Null,
            Some(times) => text(query_again(&contract_addr, &code_hash, times)),
        },
        Op::CallImport { name, arguments } => {
            let arguments: Vec<u32> = arguments.into_iter().map(lower).collect();
            import(&name, &arguments)?.into()
        }

        Op::Panic { message } => panic!("{}", message),
        Op::Fail { text } => return Err(api::error(text)),
        Op::FailWith { error } => return Err(error),
        Op::Unreachable {} => misbehave::unreachable(),
        Op::Divide { dividend, divisor } => signed(misbehave::divide(dividend, divisor)),
        Op::Remainder { dividend, divisor } => signed(misbehave::remainder(dividend, divisor)),
        Op::CallIndirect { index } => signed(misbehave::call_indirect(index)),
        Op::CallWrongSignature {} => signed(misbehave::call_wrong_signature()),
        Op::EndlessLoop {} => misbehave::endless_loop(),
        Op::Recurse { depth } => misbehave::recurse(depth, 1).into(),
        Op::RecurseInMemory { depth } => misbehave::recurse_in_memory(depth).into(),
        Op::MemoryGrow { pages } => Json::Signed(misbehave::grow(pages)),
        Op::MemoryGrowUntilRefused {} => misbehave::grow_until_refused().into(),
        Op::MemorySize {} => misbehave::size().into(),
        Op::Allocate { length } => misbehave::allocate(length).into(),
        Op::NextAllocate { how } => done(memory::misallocate_next(how)),
        Op::ReadMemory { address } => Json::Unsigned(misbehave::read_memory(address).into()),
        Op::WriteMemory { address, value } => done(misbehave::write_memory(address, value)),
        Op::Compute { iterations } => misbehave::compute(iterations).into(),
        #[cfg(feature = "floats")]
        Op::Float { numerator, denominator } => misbehave::float(numerator, denominator).into(),

        Op::Receive {} => done(host::db_write(b"received", &call.message)),

        Op::Attribute { key, value, plaintext } => {
            let encrypted = Json::Bool(!plaintext.unwrap_or(false));
            let attribute = [("key", key.into()), ("value", value.into()), ("encrypted", encrypted)];
            done(call.response.attributes.push(object(attribute)))
        }
        Op::Event { .. } if cfg!(feature = "v010") => {
            return Err(api::error("version 0.10 has no events".to_string()));
        }
        Op::Event { r#type, attributes } => {
            done(call.response.events.push(object([("type", r#type.into()), ("attributes", attributes)])))
        }
        Op::SetData { data } => done(call.data = Some(data.map(|data| data.0))),
        Op::Send { messages } => done(call.response.messages.extend(messages)),
        Op::ExecuteAgain { contract_addr, code_hash, times } => {
            if let Some(times) = times.checked_sub(1) {
                let message = again("execute_again", &contract_addr, &code_hash, times);
                call.response.messages.push(api::execute_message(&contract_addr, &code_hash, &message));
            }
            Json::Null
        }
        Op::OnReply { id, op } => done(host::db_write(&on_reply_key(id), &op.to_bytes())),
        Op::OnCall { entry, op } => done(host::db_write(&on_call_key(&entry), &op.to_bytes())),
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

/// `op` with these arguments, for this same contract.
fn again(op: &str, contract_addr: &str, code_hash: &str, times: u32) -> Json {
    let arguments =
        [("contract_addr", contract_addr.into()), ("code_hash", code_hash.into()), ("times", times.into())];
    object([(op, object(arguments))])
}

fn query_again(contract_addr: &str, code_hash: &str, times: u32) -> Vec<u8> {
    let query = again("query_again", contract_addr, code_hash, times).to_bytes();
    let smart = object([
        ("contract_addr", contract_addr.into()),
        ("callback_code_hash", code_hash.into()),
        ("msg", query.as_slice().into()),
    ]);
    host::query_chain(&object([("wasm", object([("smart", smart)]))]).to_bytes())
}

fn import(name: &str, arguments: &[u32]) -> Result<Option<u64>, Json> {
    host::call(name, arguments).map_err(api::error)
}

/// Calls an import with regions of these bytes; it has a result.
fn call_with(name: &str, arguments: &[&[u8]]) -> Result<u64, Json> {
    let addresses: Vec<u32> =
        arguments.iter().map(|bytes| memory::leak_region(memory::Region::of(bytes))).collect();
    Ok(import(name, &addresses)?.unwrap_or(0))
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

fn bytes_or_code(result: u64) -> Json {
    match halves(result) {
        (0, address) => bytes(memory::read_region(address)),
        (code, _) => object([("code", code.into())]),
    }
}

fn done(_: ()) -> Json {
    Json::Null
}

fn signed(value: i32) -> Json {
    Json::Signed(value.into())
}

fn bytes(value: Vec<u8>) -> Json {
    value.as_slice().into()
}

fn text(value: Vec<u8>) -> Json {
    String::from_utf8_lossy(&value).into_owned().into()
}

fn error(why: Vec<u8>) -> Json {
    object([("error", text(why))])
}
