//! What only the admin may do.

use cosmwasm_std::{CanonicalAddr, DepsMut, MessageInfo, StdError, StdResult};

use crate::msg::ContractStatusLevel;
use crate::state::{load_minters, save_minters, Config, Head};

pub fn change_admin(deps: DepsMut, info: &MessageInfo, address: String) -> StdResult<()> {
    let mut config = load_config_as_admin(&deps, info)?;
    config.admin = deps.api.addr_canonicalize(&address)?.to_vec();
    config.save(deps.storage)
}

pub fn set_contract_status(deps: DepsMut, info: &MessageInfo, level: ContractStatusLevel) -> StdResult<()> {
    load_config_as_admin(&deps, info)?;
    let mut head = Head::load(deps.storage)?;
    head.set_status(level);
    head.save(deps.storage)
}

pub fn set_minters(deps: DepsMut, info: &MessageInfo, minters: Vec<String>) -> StdResult<()> {
    change_minters(deps, info, minters, |_, given| given)
}

pub fn add_minters(deps: DepsMut, info: &MessageInfo, minters: Vec<String>) -> StdResult<()> {
    change_minters(deps, info, minters, |mut old, given| {
        old.extend(given);
        old
    })
}

pub fn remove_minters(deps: DepsMut, info: &MessageInfo, minters: Vec<String>) -> StdResult<()> {
    change_minters(deps, info, minters, |mut old, given| {
        old.retain(|minter| !given.contains(minter));
        old
    })
}

fn change_minters(
    deps: DepsMut,
    info: &MessageInfo,
    given: Vec<String>,
    change: impl Fn(Vec<CanonicalAddr>, Vec<CanonicalAddr>) -> Vec<CanonicalAddr>,
) -> StdResult<()> {
    let config = load_config_as_admin(&deps, info)?;
    if !config.mint_enabled {
        return Err(StdError::generic_err(
            "Mint functionality is not enabled for this token.",
        ));
    }
    let given = given
        .iter()
        .map(|minter| deps.api.addr_canonicalize(minter))
        .collect::<StdResult<Vec<_>>>()?;
    let mut minters = Vec::new();
    for minter in change(load_minters(deps.storage)?, given) {
        if !minters.contains(&minter) {
            minters.push(minter);
        }
    }
    save_minters(deps.storage, &minters)
}

fn load_config_as_admin(deps: &DepsMut, info: &MessageInfo) -> StdResult<Config> {
    let config = Config::load(deps.storage)?;
    let sender = deps.api.addr_canonicalize(info.sender.as_str())?;
    if sender.as_slice() != config.admin {
        return Err(StdError::generic_err(
            "This is an admin command. Admin commands can only be run from admin address",
        ));
    }
    Ok(config)
}
