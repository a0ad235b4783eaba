//! Telling contracts of the tokens that they are sent.

use cosmwasm_std::{
    to_binary, Addr, Binary, CanonicalAddr, CosmosMsg, DepsMut, MessageInfo, Response, StdError, StdResult,
    Storage, Uint128, WasmMsg,
};
use secret_toolkit::utils::space_pad;
use serde::Serialize;

use crate::contract::{success, BLOCK_SIZE};
use crate::msg::{ExecuteAnswer, ResponseStatus};
use crate::state::{load_receiver_hash, save_receiver_hash};

/// What a receiver finds in its execute message.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ReceiverMsg<'a> {
    Receive {
        /// Who asked for it.
        sender: &'a Addr,
        /// Whose tokens they were.
        from: &'a str,
        amount: Uint128,
        #[serde(skip_serializing_if = "Option::is_none")]
        memo: Option<String>,
        msg: Option<Binary>,
    },
}

/// A call of `receive`, yet without its recipient.
pub struct Notification<'a> {
    pub sender: &'a Addr,
    pub from: &'a str,
    pub amount: Uint128,
    pub memo: Option<String>,
    pub msg: Option<Binary>,
}

/// The message to the recipient, or none for an account that is not known to be a receiver.
pub fn notify(
    storage: &dyn Storage,
    recipient: String,
    recipient_canonical: &CanonicalAddr,
    given_code_hash: Option<String>,
    notification: Notification,
) -> StdResult<Option<CosmosMsg>> {
    let code_hash = match given_code_hash {
        Some(code_hash) => Some(code_hash),
        None => load_receiver_hash(storage, recipient_canonical)?,
    };
    let code_hash = match code_hash {
        Some(code_hash) => code_hash,
        None => return Ok(None),
    };
    let mut msg = to_binary(&ReceiverMsg::Receive {
        sender: notification.sender,
        from: notification.from,
        amount: notification.amount,
        memo: notification.memo,
        msg: notification.msg,
    })?;
    // The chain sees the length of a message between contracts, too.
    space_pad(&mut msg.0, BLOCK_SIZE);
    Ok(Some(
        WasmMsg::Execute {
            contract_addr: recipient,
            code_hash,
            msg,
            funds: vec![],
        }
        .into(),
    ))
}

pub fn register_receive(deps: DepsMut, info: MessageInfo, code_hash: String) -> StdResult<Response> {
    let is_code_hash = code_hash.len() == 64 && code_hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_code_hash {
        return Err(StdError::generic_err("code_hash: expected 64 hexadecimal digits"));
    }
    let contract = deps.api.addr_canonicalize(info.sender.as_str())?;
    save_receiver_hash(deps.storage, &contract, &code_hash)?;
    success(ExecuteAnswer::RegisterReceive {
        status: ResponseStatus::Success,
    })
}
