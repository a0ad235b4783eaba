//! What an owner lets others see or move, for each token, until when.

use cosmwasm_std::{Addr, BlockInfo, StdError, StdResult, Storage, Uint128};
use secret_toolkit::serialization::Json;
use secret_toolkit::storage::Item;
use serde::{Deserialize, Serialize};
use shared::expiration::Expiration;

static PERMISSIONS: Item<Permission, Json> = Item::new(b"permission");

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub view_balance_perm: bool,
    pub view_balance_exp: Expiration,
    pub view_pr_metadata_perm: bool,
    pub view_pr_metadata_exp: Expiration,
    pub trfer_allowance_perm: Uint128,
    pub trfer_allowance_exp: Expiration,
}

impl Default for Permission {
    fn default() -> Self {
        Self {
            view_balance_perm: false,
            view_balance_exp: Expiration::Never,
            view_pr_metadata_perm: false,
            view_pr_metadata_exp: Expiration::Never,
            trfer_allowance_perm: Uint128::zero(),
            trfer_allowance_exp: Expiration::Never,
        }
    }
}

impl Permission {
    pub fn may_load(
        storage: &dyn Storage,
        owner: &Addr,
        token_id: &str,
        allowed: &Addr,
    ) -> StdResult<Option<Self>> {
        item(owner, token_id, allowed).may_load(storage)
    }

    pub fn save(
        &self,
        storage: &mut dyn Storage,
        owner: &Addr,
        token_id: &str,
        allowed: &Addr,
    ) -> StdResult<()> {
        item(owner, token_id, allowed).save(storage, self)
    }

    pub fn remove(storage: &mut dyn Storage, owner: &Addr, token_id: &str, allowed: &Addr) {
        item(owner, token_id, allowed).remove(storage);
    }

    pub fn shows_balance(&self, block: &BlockInfo) -> bool {
        self.view_balance_perm && !self.view_balance_exp.is_over(block)
    }

    pub fn shows_private_metadata(&self, block: &BlockInfo) -> bool {
        self.view_pr_metadata_perm && !self.view_pr_metadata_exp.is_over(block)
    }
}

/// Takes an amount out of what `allowed` may transfer for `owner`. An owner needs no permission.
pub fn spend(
    storage: &mut dyn Storage,
    block: &BlockInfo,
    owner: &Addr,
    token_id: &str,
    allowed: &Addr,
    amount: Uint128,
) -> StdResult<()> {
    if owner == allowed {
        return Ok(());
    }
    let permission = Permission::may_load(storage, owner, token_id, allowed)?;
    let valid = permission.filter(|permission| !permission.trfer_allowance_exp.is_over(block));
    let mut permission =
        valid.ok_or_else(|| StdError::generic_err("These tokens do not exist or you have no permission"))?;
    permission.trfer_allowance_perm = permission
        .trfer_allowance_perm
        .checked_sub(amount)
        .map_err(|_| StdError::generic_err("Insufficient transfer allowance"))?;
    permission.save(storage, owner, token_id, allowed)
}

fn item(owner: &Addr, token_id: &str, allowed: &Addr) -> Item<'static, Permission, Json> {
    PERMISSIONS.add_suffix(owner.as_bytes()).add_suffix(token_id.as_bytes()).add_suffix(allowed.as_bytes())
}
