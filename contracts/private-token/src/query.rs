//! Read access: open queries, queries with a viewing key, queries with a permit.

use cosmwasm_std::{Binary, CanonicalAddr, Deps, Env, StdError, StdResult, Uint128};
use secret_toolkit::permit::{validate, Permit, TokenPermissions};
use secret_toolkit::viewing_key::{ViewingKey, ViewingKeyStore};

use crate::msg::{QueryAnswer, QueryMsg, QueryWithPermit};
use crate::state::{load_minters, Account, Allowance, Config, Head, NATIVE_DENOM, PERMIT_PREFIX};
use crate::transaction_history;

const WRONG_VIEWING_KEY: &str = "Wrong viewing key for this address or viewing key not set";

pub fn answer(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    let answer = match msg {
        QueryMsg::TokenInfo {} => token_info(deps),
        QueryMsg::TokenConfig {} => token_config(deps),
        QueryMsg::ContractStatus {} => Ok(QueryAnswer::ContractStatus {
            status: Head::load(deps.storage)?.status()?,
        }),
        QueryMsg::ExchangeRate {} => exchange_rate(deps),
        QueryMsg::Minters {} => minters(deps),
        QueryMsg::WithPermit { permit, query } => with_permit(deps, env, permit, query),
        other => with_viewing_key(deps, other),
    }?;
    answer.to_binary()
}

fn with_viewing_key(deps: Deps, msg: QueryMsg) -> StdResult<QueryAnswer> {
    let (addresses, key): (Vec<&String>, &String) = match &msg {
        QueryMsg::Balance { address, key }
        | QueryMsg::TransferHistory { address, key, .. }
        | QueryMsg::TransactionHistory { address, key, .. } => (vec![address], key),
        QueryMsg::Allowance { owner, spender, key } => (vec![owner, spender], key),
        _ => return Err(StdError::generic_err("this query needs no viewing key")),
    };
    // All are checked before any answer counts, so that the time taken does not tell which one has a key.
    let matches: Vec<bool> = addresses
        .iter()
        .map(|address| ViewingKey::check(deps.storage, address, key).is_ok())
        .collect();
    if !matches.contains(&true) {
        return Ok(QueryAnswer::ViewingKeyError {
            msg: WRONG_VIEWING_KEY.to_string(),
        });
    }

    match msg {
        QueryMsg::Balance { address, .. } => balance(deps, &address),
        QueryMsg::Allowance { owner, spender, .. } => allowance(deps, &owner, &spender),
        QueryMsg::TransferHistory { address, page, page_size, .. } => {
            transfer_history(deps, &address, page, page_size)
        }
        QueryMsg::TransactionHistory { address, page, page_size, .. } => {
            transaction_history(deps, &address, page, page_size)
        }
        _ => Err(StdError::generic_err("this query needs no viewing key")),
    }
}

fn with_permit(deps: Deps, env: Env, permit: Permit, query: QueryWithPermit) -> StdResult<QueryAnswer> {
    let token_address = env.contract.address.into_string();
    let account = validate(deps, PERMIT_PREFIX, &permit, token_address, None)?;
    let check = |permission: TokenPermissions| {
        if permit.check_permission(&permission) || permit.check_permission(&TokenPermissions::Owner) {
            return Ok(());
        }
        Err(StdError::generic_err(format!(
            "No permission to query {}, got permissions {:?}",
            permission_noun(&permission),
            permit.params.permissions
        )))
    };

    match query {
        QueryWithPermit::Balance {} => {
            check(TokenPermissions::Balance)?;
            balance(deps, &account)
        }
        QueryWithPermit::Allowance { owner, spender } => {
            check(TokenPermissions::Allowance)?;
            if account != owner && account != spender {
                return Err(StdError::generic_err(format!(
                    "Cannot query allowance. Requires permit for either owner {:?} or spender {:?}, got permit for {:?}",
                    owner, spender, account
                )));
            }
            allowance(deps, &owner, &spender)
        }
        QueryWithPermit::TransferHistory { page, page_size } => {
            check(TokenPermissions::History)?;
            transfer_history(deps, &account, page, page_size)
        }
        QueryWithPermit::TransactionHistory { page, page_size } => {
            check(TokenPermissions::History)?;
            transaction_history(deps, &account, page, page_size)
        }
    }
}

fn permission_noun(permission: &TokenPermissions) -> &'static str {
    match permission {
        TokenPermissions::Allowance => "allowance",
        TokenPermissions::Balance => "balance",
        TokenPermissions::History => "history",
        TokenPermissions::Owner => "all",
    }
}

fn token_info(deps: Deps) -> StdResult<QueryAnswer> {
    let config = Config::load(deps.storage)?;
    let total_supply = if config.public_total_supply {
        Some(Uint128::new(Head::load(deps.storage)?.total_supply))
    } else {
        None
    };
    Ok(QueryAnswer::TokenInfo {
        name: config.name,
        symbol: config.symbol,
        decimals: config.decimals,
        total_supply,
    })
}

fn token_config(deps: Deps) -> StdResult<QueryAnswer> {
    let config = Config::load(deps.storage)?;
    Ok(QueryAnswer::TokenConfig {
        public_total_supply: config.public_total_supply,
        deposit_enabled: config.deposit_enabled,
        redeem_enabled: config.redeem_enabled,
        mint_enabled: config.mint_enabled,
        burn_enabled: config.burn_enabled,
    })
}

/// Base units for base units: always one, or zero for a token that cannot be exchanged at all.
fn exchange_rate(deps: Deps) -> StdResult<QueryAnswer> {
    let config = Config::load(deps.storage)?;
    let (rate, denom) = if config.deposit_enabled || config.redeem_enabled {
        (1, NATIVE_DENOM)
    } else {
        (0, "")
    };
    Ok(QueryAnswer::ExchangeRate {
        rate: Uint128::new(rate),
        denom: denom.to_string(),
    })
}

fn minters(deps: Deps) -> StdResult<QueryAnswer> {
    let minters = load_minters(deps.storage)?
        .iter()
        .map(|minter| deps.api.addr_humanize(minter))
        .collect::<StdResult<Vec<_>>>()?;
    Ok(QueryAnswer::Minters { minters })
}

fn balance(deps: Deps, address: &str) -> StdResult<QueryAnswer> {
    let account = Account::load(deps.storage, &canonicalize(deps, address)?)?;
    Ok(QueryAnswer::Balance {
        amount: Uint128::new(account.balance),
    })
}

fn allowance(deps: Deps, owner: &str, spender: &str) -> StdResult<QueryAnswer> {
    let owner = deps.api.addr_validate(owner)?;
    let spender = deps.api.addr_validate(spender)?;
    let allowance = Allowance::load(
        deps.storage,
        &canonicalize(deps, owner.as_str())?,
        &canonicalize(deps, spender.as_str())?,
    )?;
    Ok(QueryAnswer::Allowance {
        spender,
        owner,
        allowance: Uint128::new(allowance.amount),
        expiration: allowance.expiration,
    })
}

fn transfer_history(deps: Deps, address: &str, page: Option<u32>, page_size: u32) -> StdResult<QueryAnswer> {
    let address = canonicalize(deps, address)?;
    let symbol = Config::load(deps.storage)?.symbol;
    let page = page.unwrap_or(0);
    let (txs, total) =
        transaction_history::transfers(deps.storage, deps.api, &symbol, &address, page, page_size)?;
    Ok(QueryAnswer::TransferHistory { txs, total })
}

fn transaction_history(deps: Deps, address: &str, page: Option<u32>, page_size: u32) -> StdResult<QueryAnswer> {
    let address = canonicalize(deps, address)?;
    let symbol = Config::load(deps.storage)?.symbol;
    let page = page.unwrap_or(0);
    let (txs, total) =
        transaction_history::transactions(deps.storage, deps.api, &symbol, &address, page, page_size)?;
    Ok(QueryAnswer::TransactionHistory { txs, total })
}

fn canonicalize(deps: Deps, address: &str) -> StdResult<CanonicalAddr> {
    deps.api.addr_canonicalize(address)
}
