//! Who may see or move what, until when. An owner may everything.

use cosmwasm_std::{Addr, BlockInfo, Deps, DepsMut, Env, MessageInfo, StdError, StdResult};
use serde::{Deserialize, Serialize};
use shared::expiration::Expiration;

use crate::msg::{AccessLevel, AddressApproval, SpenderApproval};
use crate::state::{tokens_of, Config, Inventory, Token};
use crate::tokens::{load_own, unauthorized};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    ViewOwner,
    ViewPrivateMetadata,
    Transfer,
}

/// What one address may do, or everybody.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    pub view_owner: Option<Expiration>,
    pub view_private_metadata: Option<Expiration>,
    pub transfer: Option<Expiration>,
}

impl Grants {
    /// Until when, if this is permitted now.
    pub fn valid(&self, permission: Permission, block: &BlockInfo) -> Option<Expiration> {
        let expires = match permission {
            Permission::ViewOwner => self.view_owner,
            Permission::ViewPrivateMetadata => self.view_private_metadata,
            Permission::Transfer => self.transfer,
        };
        expires.filter(|expires| !expires.is_over(block))
    }

    fn set(&mut self, permission: Permission, expires: Option<Expiration>) {
        match permission {
            Permission::ViewOwner => self.view_owner = expires,
            Permission::ViewPrivateMetadata => self.view_private_metadata = expires,
            Permission::Transfer => self.transfer = expires,
        }
    }
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    pub everybody: Grants,
    pub each: Vec<(Addr, Grants)>,
}

impl Approvals {
    pub fn allow(&self, permission: Permission, who: Option<&Addr>, block: &BlockInfo) -> bool {
        let own = self.each.iter().find(|(address, _)| Some(address) == who).map(|(_, grants)| grants);
        [Some(&self.everybody), own]
            .into_iter()
            .flatten()
            .any(|grants| grants.valid(permission, block).is_some())
    }

    /// For everybody if `whom` is nobody. Who has no permission left is forgotten.
    pub fn set(&mut self, whom: Option<&Addr>, permission: Permission, expires: Option<Expiration>) {
        match whom {
            None => self.everybody.set(permission, expires),
            Some(whom) => {
                let known = self.each.iter().position(|(address, _)| address == whom);
                let at = known.unwrap_or_else(|| {
                    self.each.push((whom.clone(), Grants::default()));
                    self.each.len() - 1
                });
                self.each[at].1.set(permission, expires);
                self.each.retain(|(_, grants)| *grants != Grants::default());
            }
        }
    }

    /// Who may transfer.
    pub fn spenders(&self, block: &BlockInfo) -> Vec<SpenderApproval> {
        let shown = |expires: &Expiration| !expires.is_over(block);
        let approvals = self.each.iter().filter_map(|(spender, grants)| {
            grants.transfer.filter(shown).map(|expires| SpenderApproval { spender: spender.clone(), expires })
        });
        approvals.collect()
    }

    pub fn addresses(&self, block: &BlockInfo) -> Vec<AddressApproval> {
        let shown = |expires: &Expiration| !expires.is_over(block);
        let approvals = self.each.iter().map(|(address, grants)| AddressApproval {
            address: address.clone(),
            view_owner_expiration: grants.view_owner.filter(shown),
            view_private_metadata_expiration: grants.view_private_metadata.filter(shown),
            transfer_expiration: grants.transfer.filter(shown),
        });
        let is_empty = |a: &AddressApproval| {
            (a.view_owner_expiration, a.view_private_metadata_expiration, a.transfer_expiration)
                == (None, None, None)
        };
        approvals.filter(|approval| !is_empty(approval)).collect()
    }
}

/// The rule of the whole collection.
pub fn may(
    deps: Deps,
    block: &BlockInfo,
    token: &Token,
    who: Option<&Addr>,
    permission: Permission,
) -> StdResult<bool> {
    if who == Some(&token.owner) || token.approvals.allow(permission, who, block) {
        return Ok(true);
    }
    let inventory = Inventory::load(deps.storage, &token.owner)?;
    Ok(inventory.approvals.allow(permission, who, block)
        || (permission == Permission::ViewOwner && owners_are_shown(deps, &inventory)?))
}

pub fn owners_are_shown(deps: Deps, inventory: &Inventory) -> StdResult<bool> {
    Ok(!inventory.owner_is_private && Config::load(deps.storage)?.public_owner)
}

/// Gives or takes the transfer of one token. Besides its owner, whoever may transfer all of the owner's tokens decides about it.
pub fn approve(
    deps: DepsMut,
    env: &Env,
    info: &MessageInfo,
    spender: &str,
    token_id: &str,
    expires: Option<Expiration>,
) -> StdResult<()> {
    let spender = deps.api.addr_validate(spender)?;
    let mut token = Token::may_load(deps.storage, token_id)?.ok_or_else(|| unauthorized(token_id))?;
    let inventory = Inventory::load(deps.storage, &token.owner)?;
    let operates = inventory.approvals.allow(Permission::Transfer, Some(&info.sender), &env.block);
    if info.sender != token.owner && !operates {
        return Err(unauthorized(token_id));
    }
    token.approvals.set(Some(&spender), Permission::Transfer, expires);
    token.save(deps.storage, token_id)
}

/// Changes permissions of somebody, or of everybody, on the tokens of the sender.
pub fn set_approvals(
    deps: DepsMut,
    info: &MessageInfo,
    whom: Option<&str>,
    token_id: Option<&str>,
    changes: [(Permission, Option<AccessLevel>); 3],
    expires: Option<Expiration>,
) -> StdResult<()> {
    let whom = whom.map(|whom| deps.api.addr_validate(whom)).transpose()?;
    let expires = Some(expires.unwrap_or(Expiration::Never));
    let mut inventory = Inventory::load(deps.storage, &info.sender)?;
    for (permission, level) in changes {
        let mut of_token = |expires| {
            let token_id = token_id.ok_or_else(|| {
                StdError::generic_err("A token_id is needed to approve or revoke for one token")
            })?;
            let mut token = load_own(deps.storage, info, token_id)?;
            token.approvals.set(whom.as_ref(), permission, expires);
            token.save(deps.storage, token_id)
        };
        match level {
            None => {}
            Some(AccessLevel::ApproveToken) => of_token(expires)?,
            Some(AccessLevel::RevokeToken) => of_token(None)?,
            Some(AccessLevel::All) => inventory.approvals.set(whom.as_ref(), permission, expires),
            Some(AccessLevel::None) => {
                inventory.approvals.set(whom.as_ref(), permission, None);
                let owned: Vec<String> =
                    tokens_of(&info.sender).iter(deps.storage)?.collect::<StdResult<_>>()?;
                for token_id in owned {
                    let mut token = load_own(deps.storage, info, &token_id)?;
                    token.approvals.set(whom.as_ref(), permission, None);
                    token.save(deps.storage, &token_id)?;
                }
            }
        }
    }
    inventory.save(deps.storage, &info.sender)
}
