//! Entry points, the table from message to function, admin and minters.

use cosmwasm_std::{
    entry_point, to_binary, Addr, Binary, CosmosMsg, Deps, DepsMut, Env, MessageInfo, Response, StdError,
    StdResult,
};
use secret_toolkit::utils::{pad_handle_result, pad_query_result};
use shared::{authentication, expiration::Expiration, receivers, BLOCK_SIZE};

use crate::approvals::{approve, set_approvals, Permission};
use crate::msg::{AccessLevel, ExecuteAnswer, ExecuteMsg, InstantiateMsg, QueryMsg, ResponseStatus::Success};
use crate::state::{save_receiver_hash, Config, Inventory};
use crate::{query as queries, tokens};

#[entry_point]
pub fn instantiate(deps: DepsMut, _env: Env, info: MessageInfo, msg: InstantiateMsg) -> StdResult<Response> {
    let admin = match &msg.admin {
        Some(admin) => deps.api.addr_validate(admin)?,
        None => info.sender,
    };
    let settings = msg.config.unwrap_or_default();
    let config = Config {
        name: msg.name,
        symbol: msg.symbol,
        minters: vec![admin.clone()],
        admin,
        public_token_supply: settings.public_token_supply.unwrap_or(false),
        public_owner: settings.public_owner.unwrap_or(false),
        burn_enabled: settings.enable_burn.unwrap_or(false),
        minted: 0,
    };
    config.save(deps.storage)?;
    authentication::set_seed(deps.storage, &msg.entropy);
    Ok(Response::new())
}

#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    let mut calls = Vec::new();
    let answer = dispatch(deps, &env, info, msg, &mut calls);
    let response =
        answer.and_then(|answer| Ok(Response::new().set_data(to_binary(&answer)?).add_messages(calls)));
    pad_handle_result(response, BLOCK_SIZE)
}

#[entry_point]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    pad_query_result(queries::answer(deps, env, msg).and_then(|answer| to_binary(&answer)), BLOCK_SIZE)
}

#[rustfmt::skip]
fn dispatch(
    mut deps: DepsMut,
    env: &Env,
    info: MessageInfo,
    msg: ExecuteMsg,
    calls: &mut Vec<CosmosMsg>,
) -> StdResult<ExecuteAnswer> {
    let (status, info) = (Success, &info);
    Ok(match msg {
        ExecuteMsg::MintNft(mint) => {
            let token_id = tokens::mint(deps, info, vec![mint])?.remove(0);
            ExecuteAnswer::MintNft { token_id }
        }
        ExecuteMsg::BatchMintNft { mints } => {
            ExecuteAnswer::BatchMintNft { token_ids: tokens::mint(deps, info, mints)? }
        }
        ExecuteMsg::SetMetadata { token_id, public_metadata, private_metadata } => {
            tokens::set_metadata(deps, info, &token_id, public_metadata, private_metadata)?;
            ExecuteAnswer::SetMetadata { status }
        }

        ExecuteMsg::TransferNft { recipient, token_id } => {
            tokens::transfer(&mut deps, env, info, &recipient, &token_id)?;
            ExecuteAnswer::TransferNft { status }
        }
        ExecuteMsg::SendNft { contract, receiver_info, token_id, msg } => {
            calls.extend(tokens::send(deps, env, info, &contract, receiver_info, &token_id, msg)?);
            ExecuteAnswer::SendNft { status }
        }
        ExecuteMsg::BurnNft { token_id } => {
            tokens::burn(deps, env, info, &token_id)?;
            ExecuteAnswer::BurnNft { status }
        }
        ExecuteMsg::RegisterReceiveNft { code_hash } => {
            receivers::check_code_hash(&code_hash)?;
            save_receiver_hash(deps.storage, info.sender.as_str(), &code_hash)?;
            ExecuteAnswer::RegisterReceiveNft { status }
        }

        ExecuteMsg::Approve { spender, token_id, expires } => {
            let expires = expires.unwrap_or(Expiration::Never);
            approve(deps, env, info, &spender, &token_id, Some(expires))?;
            ExecuteAnswer::Approve { status }
        }
        ExecuteMsg::Revoke { spender, token_id } => {
            approve(deps, env, info, &spender, &token_id, None)?;
            ExecuteAnswer::Revoke { status }
        }
        ExecuteMsg::ApproveAll { operator, expires } => {
            let changes = changes(None, None, Some(AccessLevel::All));
            set_approvals(deps, info, Some(&operator), None, changes, expires)?;
            ExecuteAnswer::ApproveAll { status }
        }
        ExecuteMsg::RevokeAll { operator } => {
            let changes = changes(None, None, Some(AccessLevel::None));
            set_approvals(deps, info, Some(&operator), None, changes, None)?;
            ExecuteAnswer::RevokeAll { status }
        }
        ExecuteMsg::SetWhitelistedApproval {
            address, token_id, view_owner, view_private_metadata, transfer, expires,
        } => {
            let changes = changes(view_owner, view_private_metadata, transfer);
            set_approvals(deps, info, Some(&address), token_id.as_deref(), changes, expires)?;
            ExecuteAnswer::SetWhitelistedApproval { status }
        }
        ExecuteMsg::SetGlobalApproval { token_id, view_owner, view_private_metadata, expires } => {
            let changes = changes(view_owner, view_private_metadata, None);
            set_approvals(deps, info, None, token_id.as_deref(), changes, expires)?;
            ExecuteAnswer::SetGlobalApproval { status }
        }
        ExecuteMsg::MakeOwnershipPrivate {} => {
            let mut inventory = Inventory::load(deps.storage, &info.sender)?;
            inventory.owner_is_private = true;
            inventory.approvals.set(None, Permission::ViewOwner, None);
            inventory.save(deps.storage, &info.sender)?;
            ExecuteAnswer::MakeOwnershipPrivate { status }
        }

        ExecuteMsg::CreateViewingKey { entropy } => {
            let key = authentication::create_viewing_key(deps.storage, env, info, &entropy);
            ExecuteAnswer::ViewingKey { key }
        }
        ExecuteMsg::SetViewingKey { key } => {
            authentication::set_viewing_key(deps.storage, info, &key);
            ExecuteAnswer::ViewingKey { key }
        }

        ExecuteMsg::AddMinters { minters } => {
            administer(deps, info, minters, |config, added| {
                for minter in added {
                    if !config.minters.contains(&minter) {
                        config.minters.push(minter);
                    }
                }
            })?;
            ExecuteAnswer::AddMinters { status }
        }
        ExecuteMsg::RemoveMinters { minters } => {
            administer(deps, info, minters, |config, removed| {
                config.minters.retain(|minter| !removed.contains(minter))
            })?;
            ExecuteAnswer::RemoveMinters { status }
        }
        ExecuteMsg::ChangeAdmin { address } => {
            administer(deps, info, vec![address], |config, mut address| config.admin = address.remove(0))?;
            ExecuteAnswer::ChangeAdmin { status }
        }
    })
}

fn changes(
    view_owner: Option<AccessLevel>,
    view_private_metadata: Option<AccessLevel>,
    transfer: Option<AccessLevel>,
) -> [(Permission, Option<AccessLevel>); 3] {
    [
        (Permission::ViewOwner, view_owner),
        (Permission::ViewPrivateMetadata, view_private_metadata),
        (Permission::Transfer, transfer),
    ]
}

/// A change of the configuration, with these addresses, by the admin.
fn administer(
    deps: DepsMut,
    info: &MessageInfo,
    addresses: Vec<String>,
    change: impl FnOnce(&mut Config, Vec<Addr>),
) -> StdResult<()> {
    let mut config = Config::load(deps.storage)?;
    if info.sender != config.admin {
        return Err(StdError::generic_err(
            "This is an admin command and can only be run from the admin address",
        ));
    }
    let addresses =
        addresses.iter().map(|address| deps.api.addr_validate(address)).collect::<StdResult<_>>()?;
    change(&mut config, addresses);
    config.save(deps.storage)
}
