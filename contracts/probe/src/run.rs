//! From operation to outcome.

use cosmwasm_std::{to_vec, Binary, Event, Response};

use crate::host;
use crate::misbehave;
use crate::op::{Argument, Op, Outcome};

/// What the operations of one call share.
pub struct Call {
    pub env: Vec<u8>,
    pub info: Option<Vec<u8>>,
    pub message: Vec<u8>,
    /// Everything but its data.
    pub response: Response,
    /// What `set_data` asked for.
    pub data: Option<Option<Binary>>,
    /// The address of a region to return instead of the response.
    pub raw_result: Option<u32>,
}

/// `Err` is the text with which the call is to fail.
pub fn run(call: &mut Call, op: Op) -> Result<Outcome, String> {
    let outcome = match op {
        Op::Noop {} => Outcome::Nothing,
        Op::Run { ops } => {
            let outcomes = ops.into_iter().map(|op| run(call, op));
            Outcome::List(outcomes.collect::<Result<Vec<_>, _>>()?)
        }
        Op::EchoEnv {} => text(call.env.clone()),
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

        Op::AddrValidate { address, bytes } => match host::addr_validate(&either(address, bytes)) {
            Ok(()) => Outcome::Nothing,
            Err(why) => error(why),
        },
        Op::AddrCanonicalize { address, bytes: raw } => {
            host::addr_canonicalize(&either(address, raw)).map_or_else(error, bytes)
        }
        Op::AddrHumanize { canonical } => host::addr_humanize(&canonical).map_or_else(error, text),

        Op::Secp256k1Verify { hash, signature, public_key } => {
            number(host::secp256k1_verify(&hash, &signature, &public_key))
        }
        Op::Secp256k1RecoverPubkey { hash, signature, recovery_param } => {
            bytes_or_code(host::secp256k1_recover_pubkey(&hash, &signature, recovery_param))
        }
        Op::Secp256k1Sign { message, private_key } => {
            bytes_or_code(host::secp256k1_sign(&message, &private_key))
        }
        Op::Ed25519Verify { message, signature, public_key } => {
            number(host::ed25519_verify(&message, &signature, &public_key))
        }
        Op::Ed25519BatchVerify { messages, signatures, public_keys } => {
            let sections = |elements: &[Binary]| host::encode_sections(elements.iter().map(Binary::as_slice));
            number(host::ed25519_batch_verify(
                &sections(&messages),
                &sections(&signatures),
                &sections(&public_keys),
            ))
        }
        Op::Ed25519BatchVerifyRaw { messages, signatures, public_keys } => {
            number(host::ed25519_batch_verify(&messages, &signatures, &public_keys))
        }
        Op::Ed25519Sign { message, private_key } => bytes_or_code(host::ed25519_sign(&message, &private_key)),
        Op::DcapQuoteVerify { quote, collateral } => {
            let (code, low) = halves(host::dcap_quote_verify(&quote, &collateral));
            if code == 0 {
                number(low)
            } else {
                Outcome::Code { code }
            }
        }

        Op::Debug { text } => done(host::debug(text.as_bytes())),
        Op::QueryChain { request } => text(host::query_chain(request.as_bytes())),
        Op::CheckGas {} => Outcome::Number(host::check_gas()),
        Op::GasEvaporate { amount } => number(host::gas_evaporate(amount)),
        Op::CallImport { name, arguments } => {
            let arguments: Vec<u32> = arguments.into_iter().map(lower).collect();
            host::call(&name, &arguments)?.map_or(Outcome::Nothing, Outcome::Number)
        }

        Op::Panic { message } => panic!("{}", message),
        Op::Fail { text } => return Err(text),
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
        Op::ReadMemory { address } => number(misbehave::read_memory(address).into()),
        Op::WriteMemory { address, value } => done(misbehave::write_memory(address, value)),
        Op::Compute { iterations } => number(misbehave::compute(iterations)),
        #[cfg(feature = "floats")]
        Op::Float { numerator, denominator } => Outcome::Number(misbehave::float(numerator, denominator)),

        Op::Attribute { key, value, plaintext } => {
            let response = std::mem::take(&mut call.response);
            call.response = if plaintext.unwrap_or(false) {
                response.add_attribute_plaintext(key, value)
            } else {
                response.add_attribute(key, value)
            };
            Outcome::Nothing
        }
        Op::Event { r#type, attributes } => {
            // Not `add_attributes`: it refuses what the chain should refuse.
            let mut event = Event::new(r#type);
            event.attributes = attributes;
            call.response.events.push(event);
            Outcome::Nothing
        }
        Op::SetData { data } => {
            call.data = Some(data);
            Outcome::Nothing
        }
        Op::Send { messages } => {
            call.response.messages.extend(messages);
            Outcome::Nothing
        }
        Op::Receive { .. } => {
            host::db_write(b"received", &call.message);
            Outcome::Nothing
        }
        Op::OnReply { id, op } => {
            let stored = to_vec(&*op).map_err(|why| why.to_string())?;
            done(host::db_write(&on_reply_key(id), &stored))
        }
        Op::RawOutput { output } => {
            call.raw_result = Some(host::leak_bytes(output.to_vec()));
            Outcome::Nothing
        }
        Op::RawPointer { pointer } => {
            call.raw_result = Some(pointer);
            Outcome::Nothing
        }
    };
    Ok(outcome)
}

/// Under which the operation for a reply is stored.
pub fn on_reply_key(id: u64) -> Vec<u8> {
    format!("on_reply/{}", id).into_bytes()
}

fn numbered(prefix: &[u8], number: u32) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

fn either(text: Option<String>, bytes: Option<Binary>) -> Vec<u8> {
    bytes.map_or_else(|| text.unwrap_or_default().into_bytes(), |bytes| bytes.to_vec())
}

fn lower(argument: Argument) -> u32 {
    match argument {
        Argument::Number { value } => value,
        Argument::Region { data, offset, capacity, length } => {
            let data = Box::leak(data.unwrap_or_default().to_vec().into_boxed_slice());
            let region = host::Region::of(data);
            host::leak_region(host::Region {
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
        (0, address) => bytes(host::read_region(address)),
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
    Outcome::Bytes(value.into())
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
