//! Minting, transfers, sends, burning.

use cosmwasm_std::{Addr, Binary, CosmosMsg, DepsMut, Env, MessageInfo, StdError, StdResult, Storage};
use shared::receivers;

use crate::approvals::{may, Approvals, Permission};
use crate::msg::{Metadata, Mint, ReceiverInfo, ReceiverMsg};
use crate::state::{all_tokens, load_receiver_hash, tokens_of, Config, Token};

/// The same for a token that is not there: who may not know must not learn it.
pub fn unauthorized(token_id: &str) -> StdError {
    StdError::generic_err(format!("You are not authorized to perform this action on token {}", token_id))
}

pub fn load_own(storage: &dyn Storage, info: &MessageInfo, token_id: &str) -> StdResult<Token> {
    let token = Token::may_load(storage, token_id)?;
    token.filter(|token| token.owner == info.sender).ok_or_else(|| unauthorized(token_id))
}

fn check_minter(config: &Config, info: &MessageInfo) -> StdResult<()> {
    if config.minters.contains(&info.sender) {
        return Ok(());
    }
    Err(StdError::generic_err("Only designated minters are allowed to mint"))
}

/// Returns the ids.
pub fn mint(deps: DepsMut, info: &MessageInfo, mints: Vec<Mint>) -> StdResult<Vec<String>> {
    let mut config = Config::load(deps.storage)?;
    check_minter(&config, info)?;
    let mut ids = Vec::with_capacity(mints.len());
    for mint in mints {
        let id = mint.token_id.unwrap_or_else(|| config.minted.to_string());
        if Token::may_load(deps.storage, &id)?.is_some() {
            return Err(StdError::generic_err(format!("Token ID {} is already in use", id)));
        }
        let owner = match mint.owner {
            Some(owner) => deps.api.addr_validate(&owner)?,
            None => info.sender.clone(),
        };
        tokens_of(&owner).insert(deps.storage, &id)?;
        all_tokens().insert(deps.storage, &id)?;
        let token = Token {
            owner,
            public_metadata: mint.public_metadata,
            private_metadata: mint.private_metadata,
            approvals: Approvals::default(),
        };
        token.save(deps.storage, &id)?;
        config.minted += 1;
        ids.push(id);
    }
    config.save(deps.storage)?;
    Ok(ids)
}

/// By a minter. What is not given stays.
pub fn set_metadata(
    deps: DepsMut,
    info: &MessageInfo,
    token_id: &str,
    public_metadata: Option<Metadata>,
    private_metadata: Option<Metadata>,
) -> StdResult<()> {
    check_minter(&Config::load(deps.storage)?, info)?;
    let mut token = Token::may_load(deps.storage, token_id)?.ok_or_else(|| unauthorized(token_id))?;
    token.public_metadata = public_metadata.or(token.public_metadata);
    token.private_metadata = private_metadata.or(token.private_metadata);
    token.save(deps.storage, token_id)
}

/// Takes a token out of its owner's inventory, if the sender may.
fn take(deps: &mut DepsMut, env: &Env, info: &MessageInfo, token_id: &str) -> StdResult<Token> {
    let token = Token::may_load(deps.storage, token_id)?.ok_or_else(|| unauthorized(token_id))?;
    if !may(deps.as_ref(), &env.block, &token, Some(&info.sender), Permission::Transfer)? {
        return Err(unauthorized(token_id));
    }
    tokens_of(&token.owner).remove(deps.storage, &token_id.to_string())?;
    Ok(token)
}

/// Returns the former owner. Approvals of the token end.
pub fn transfer(
    deps: &mut DepsMut,
    env: &Env,
    info: &MessageInfo,
    recipient: &str,
    token_id: &str,
) -> StdResult<Addr> {
    let recipient = deps.api.addr_validate(recipient)?;
    let mut token = take(deps, env, info, token_id)?;
    tokens_of(&recipient).insert(deps.storage, &token_id.to_string())?;
    let former = std::mem::replace(&mut token.owner, recipient);
    token.approvals = Approvals::default();
    token.save(deps.storage, token_id)?;
    Ok(former)
}

/// Returns the call of the receiver, if it is known to be one.
pub fn send(
    mut deps: DepsMut,
    env: &Env,
    info: &MessageInfo,
    contract: &str,
    receiver: Option<ReceiverInfo>,
    token_id: &str,
    msg: Option<Binary>,
) -> StdResult<Option<CosmosMsg>> {
    let former = transfer(&mut deps, env, info, contract, token_id)?;
    let code_hash = match receiver {
        Some(receiver) => Some(receiver.recipient_code_hash),
        None => load_receiver_hash(deps.storage, contract)?,
    };
    let message = ReceiverMsg::ReceiveNft { sender: &former, token_id, msg: &msg };
    code_hash.map(|code_hash| receivers::call(contract, &code_hash, &message)).transpose()
}

pub fn burn(mut deps: DepsMut, env: &Env, info: &MessageInfo, token_id: &str) -> StdResult<()> {
    if !Config::load(deps.storage)?.burn_enabled {
        return Err(StdError::generic_err("Burn functionality is not enabled for this token"));
    }
    take(&mut deps, env, info, token_id)?;
    all_tokens().remove(deps.storage, &token_id.to_string())?;
    Token::remove(deps.storage, token_id);
    Ok(())
}
