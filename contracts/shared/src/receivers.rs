//! Telling contracts of what they are sent.

use cosmwasm_std::{to_binary, CosmosMsg, StdError, StdResult, WasmMsg};
use secret_toolkit::utils::space_pad;
use serde::Serialize;

use crate::BLOCK_SIZE;

/// The call of a receiver. Padded, for the chain sees the length of a message between contracts, too.
pub fn call<T: Serialize>(contract: &str, code_hash: &str, message: &T) -> StdResult<CosmosMsg> {
    let mut msg = to_binary(message)?;
    space_pad(&mut msg.0, BLOCK_SIZE);
    let execute = WasmMsg::Execute {
        contract_addr: contract.to_string(),
        code_hash: code_hash.to_string(),
        msg,
        funds: vec![],
    };
    Ok(execute.into())
}

pub fn check_code_hash(code_hash: &str) -> StdResult<()> {
    if code_hash.len() == 64 && code_hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(StdError::generic_err("code_hash: expected 64 hexadecimal digits"))
}
