//! Read access.

use cosmwasm_std::{Addr, Deps, Env, StdError, StdResult};
use shared::authentication::by_viewing_key;

use crate::msg::{OwnerBalance, QueryAnswer, QueryMsg, TokenConfig};
use crate::permissions::Permission;
use crate::state::{load_balance, load_receiver_hash, tokens_of, Config, Token};

pub fn answer(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<QueryAnswer> {
    let (address, key) = match &msg {
        QueryMsg::ContractInfo {} => {
            let Config { admin, curators, token_ids } = Config::load(deps.storage)?;
            return Ok(QueryAnswer::ContractInfo { admin, curators, all_token_ids: token_ids });
        }
        QueryMsg::TokenIdPublicInfo { token_id } => return public_info(deps, token_id),
        QueryMsg::RegisteredCodeHash { contract } => {
            let code_hash = load_receiver_hash(deps.storage, contract)?;
            return Ok(QueryAnswer::RegisteredCodeHash { code_hash });
        }
        QueryMsg::Balance { viewer, key, .. } => (viewer, key),
        QueryMsg::AllBalances { owner, key } => (owner, key),
        QueryMsg::TokenIdPrivateInfo { address, key, .. } => (address, key),
        QueryMsg::Permission { owner, allowed_address, key, .. } => {
            let of_owner = by_viewing_key(deps, owner, key).is_ok();
            (if of_owner { owner } else { allowed_address }, key)
        }
    };
    let viewer = match by_viewing_key(deps, address, key) {
        Ok(viewer) => viewer,
        Err(_) => {
            let msg = "Wrong viewing key for this address or viewing key not set".to_string();
            return Ok(QueryAnswer::ViewingKeyError { msg });
        }
    };
    match &msg {
        QueryMsg::Balance { owner, token_id, .. } => balance(deps, &env, &viewer, owner, token_id),
        QueryMsg::AllBalances { .. } => all_balances(deps, &viewer),
        QueryMsg::TokenIdPrivateInfo { token_id, .. } => private_info(deps, &env, viewer, token_id),
        QueryMsg::Permission { owner, allowed_address, token_id, .. } => {
            let owner = deps.api.addr_validate(owner)?;
            let allowed = deps.api.addr_validate(allowed_address)?;
            let permission = Permission::may_load(deps.storage, &owner, token_id, &allowed)?;
            Ok(QueryAnswer::Permission(permission))
        }
        _ => Err(StdError::generic_err("This query takes no viewing key")),
    }
}

fn public_info(deps: Deps, token_id: &str) -> StdResult<QueryAnswer> {
    let token = Token::load(deps.storage, token_id)?;
    let owner_is_public = matches!(token.config, TokenConfig::Nft { owner_is_public: true, .. });
    Ok(QueryAnswer::TokenIdPublicInfo {
        total_supply: Some(token.supply).filter(|_| token.supply_is_public()),
        owner: token.owner.clone().filter(|_| owner_is_public),
        token_id_info: token.info(token_id, false),
    })
}

/// Whoever has some of a token sees everything of it; so does whom the owner of a unique token permitted it.
fn private_info(deps: Deps, env: &Env, viewer: Addr, token_id: &str) -> StdResult<QueryAnswer> {
    let token = Token::load(deps.storage, token_id)?;
    let has_some = !load_balance(deps.storage, &viewer, token_id)?.is_zero();
    let permitted = match &token.owner {
        Some(owner) => Permission::may_load(deps.storage, owner, token_id, &viewer)?
            .map_or(false, |permission| permission.shows_private_metadata(&env.block)),
        None => false,
    };
    if !has_some && !permitted {
        return Err(StdError::generic_err(
            "You do not have permission to view the private information of this token",
        ));
    }
    Ok(QueryAnswer::TokenIdPrivateInfo {
        total_supply: Some(token.supply).filter(|_| token.supply_is_public()),
        owner: token.owner.clone().filter(|_| has_some),
        token_id_info: token.info(token_id, true),
    })
}

fn balance(deps: Deps, env: &Env, viewer: &Addr, owner: &str, token_id: &str) -> StdResult<QueryAnswer> {
    let owner = deps.api.addr_validate(owner)?;
    let permitted = *viewer == owner
        || Permission::may_load(deps.storage, &owner, token_id, viewer)?
            .map_or(false, |permission| permission.shows_balance(&env.block));
    if !permitted {
        return Err(StdError::generic_err("You do not have permission to view this balance"));
    }
    Ok(QueryAnswer::Balance { amount: load_balance(deps.storage, &owner, token_id)? })
}

fn all_balances(deps: Deps, owner: &Addr) -> StdResult<QueryAnswer> {
    let mut balances = Vec::new();
    for token_id in tokens_of(owner).iter(deps.storage)? {
        let token_id = token_id?;
        let amount = load_balance(deps.storage, owner, &token_id)?;
        if !amount.is_zero() {
            balances.push(OwnerBalance { token_id, amount });
        }
    }
    Ok(QueryAnswer::AllBalances(balances))
}
