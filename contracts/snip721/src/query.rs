//! Read access. What somebody may not see looks the same to them whether it is there or not.

use cosmwasm_std::{Addr, BlockInfo, Deps, Env, StdError, StdResult};
use secret_toolkit::serialization::Json;
use secret_toolkit::storage::Keyset;
use shared::authentication::by_viewing_key;
use shared::expiration::Expiration;

use crate::approvals::{may, owners_are_shown, Approvals, Permission};
use crate::msg::{Access, Metadata, QueryAnswer, QueryMsg, SpenderApproval, ViewerInfo};
use crate::state::{all_tokens, tokens_of, Config, Inventory, Token};
use crate::tokens::unauthorized;

const DEFAULT_LIMIT: u32 = 30;
/// Each element of a list costs reads.
const MAX_LIMIT: u32 = 300;

/// Who asks, and when.
struct Viewing<'a> {
    deps: Deps<'a>,
    block: &'a BlockInfo,
    viewer: Option<Addr>,
}

pub fn answer(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<QueryAnswer> {
    let by = |viewer: Option<ViewerInfo>| -> StdResult<Viewing> {
        let viewer = viewer.map(|v| by_viewing_key(deps, &v.address, &v.viewing_key)).transpose()?;
        Ok(Viewing { deps, block: &env.block, viewer })
    };
    match msg {
        QueryMsg::ContractInfo {} => {
            let Config { name, symbol, .. } = Config::load(deps.storage)?;
            Ok(QueryAnswer::ContractInfo { name, symbol })
        }
        QueryMsg::Minters {} => Ok(QueryAnswer::Minters { minters: Config::load(deps.storage)?.minters }),
        QueryMsg::NftInfo { token_id } => Ok(QueryAnswer::NftInfo(by(None)?.public_metadata(&token_id)?)),
        QueryMsg::NumTokens { viewer } => by(viewer)?.num_tokens(),
        QueryMsg::AllTokens { viewer, start_after, limit } => by(viewer)?.all_tokens(start_after, limit),
        QueryMsg::OwnerOf { token_id, viewer } => by(viewer)?.owner_of(&token_id),
        QueryMsg::AllNftInfo { token_id, viewer } => by(viewer)?.all_nft_info(&token_id),
        QueryMsg::PrivateMetadata { token_id, viewer } => by(viewer)?.private_metadata(&token_id),
        QueryMsg::NftDossier { token_id, viewer } => by(viewer)?.nft_dossier(&token_id),
        QueryMsg::Tokens { owner, viewer, viewing_key, start_after, limit } => {
            let address = viewer.unwrap_or_else(|| owner.clone());
            let viewer = viewing_key.map(|viewing_key| ViewerInfo { address, viewing_key });
            by(viewer)?.tokens(&owner, start_after, limit)
        }
    }
}

impl Viewing<'_> {
    fn may(&self, token: &Token, permission: Permission) -> StdResult<bool> {
        may(self.deps, self.block, token, self.viewer.as_ref(), permission)
    }

    fn token(&self, id: &str) -> StdResult<Option<Token>> {
        Token::may_load(self.deps.storage, id)
    }

    /// A token, or the error of one that the viewer may not see.
    fn visible(&self, id: &str) -> StdResult<Token> {
        if let Some(token) = self.token(id)? {
            return Ok(token);
        }
        if Config::load(self.deps.storage)?.public_token_supply {
            return Err(not_found(id));
        }
        Err(unauthorized(id))
    }

    /// Public, so only a collection that shows its tokens says that there is no such token.
    fn public_metadata(&self, id: &str) -> StdResult<Metadata> {
        match self.token(id)? {
            Some(token) => Ok(token.public_metadata.unwrap_or_default()),
            None if Config::load(self.deps.storage)?.public_token_supply => Err(not_found(id)),
            None => Ok(Metadata::default()),
        }
    }

    fn num_tokens(&self) -> StdResult<QueryAnswer> {
        self.check_supply()?;
        Ok(QueryAnswer::NumTokens { count: all_tokens().get_len(self.deps.storage)? })
    }

    fn all_tokens(&self, start_after: Option<String>, limit: Option<u32>) -> StdResult<QueryAnswer> {
        self.check_supply()?;
        self.page(&all_tokens(), start_after, limit, |_| Ok(true))
    }

    /// Minters know the supply.
    fn check_supply(&self) -> StdResult<()> {
        let config = Config::load(self.deps.storage)?;
        let is_minter = self.viewer.as_ref().map_or(false, |viewer| config.minters.contains(viewer));
        if config.public_token_supply || is_minter {
            return Ok(());
        }
        Err(StdError::generic_err("The token supply of this contract is private"))
    }

    fn owner_of(&self, id: &str) -> StdResult<QueryAnswer> {
        let token = self.visible(id)?;
        if !self.may(&token, Permission::ViewOwner)? {
            return Err(unauthorized(id));
        }
        let approvals = self.spenders(&token)?;
        Ok(QueryAnswer::OwnerOf { owner: token.owner, approvals })
    }

    fn all_nft_info(&self, id: &str) -> StdResult<QueryAnswer> {
        let info = self.public_metadata(id)?;
        let mut access = Access::default();
        if let Some(token) = self.token(id)? {
            if self.may(&token, Permission::ViewOwner)? {
                access.approvals = self.spenders(&token)?;
                access.owner = Some(token.owner);
            }
        }
        Ok(QueryAnswer::AllNftInfo { access, info })
    }

    /// Who may transfer, as only the owner learns.
    fn spenders(&self, token: &Token) -> StdResult<Vec<SpenderApproval>> {
        if self.viewer.as_ref() != Some(&token.owner) {
            return Ok(vec![]);
        }
        let inventory = Inventory::load(self.deps.storage, &token.owner)?;
        Ok([token.approvals.spenders(self.block), inventory.approvals.spenders(self.block)].concat())
    }

    fn private_metadata(&self, id: &str) -> StdResult<QueryAnswer> {
        let token = self.visible(id)?;
        if !self.may(&token, Permission::ViewPrivateMetadata)? {
            return Err(unauthorized(id));
        }
        Ok(QueryAnswer::PrivateMetadata(token.private_metadata.unwrap_or_default()))
    }

    fn nft_dossier(&self, id: &str) -> StdResult<QueryAnswer> {
        let token = self.visible(id)?;
        let inventory = Inventory::load(self.deps.storage, &token.owner)?;
        let is_owner = self.viewer.as_ref() == Some(&token.owner);
        let sees_owner = self.may(&token, Permission::ViewOwner)?;
        let sees_private = self.may(&token, Permission::ViewPrivateMetadata)?;
        let owner_until = self.public_until(Permission::ViewOwner, &token, &inventory);
        let metadata_until = self.public_until(Permission::ViewPrivateMetadata, &token, &inventory);
        let of = |approvals: &Approvals| is_owner.then(|| approvals.addresses(self.block));
        Ok(QueryAnswer::NftDossier {
            token_approvals: of(&token.approvals),
            inventory_approvals: of(&inventory.approvals),
            owner: if sees_owner { Some(token.owner) } else { None },
            public_metadata: token.public_metadata,
            private_metadata: if sees_private { token.private_metadata } else { None },
            display_private_metadata_error: if sees_private {
                None
            } else {
                Some(unauthorized(id).to_string())
            },
            owner_is_public: owner_until.is_some() || owners_are_shown(self.deps, &inventory)?,
            public_ownership_expiration: owner_until,
            private_metadata_is_public: metadata_until.is_some(),
            private_metadata_is_public_expiration: metadata_until,
        })
    }

    /// Only those whose owner the viewer may see.
    fn tokens(&self, owner: &str, start_after: Option<String>, limit: Option<u32>) -> StdResult<QueryAnswer> {
        let owner = self.deps.api.addr_validate(owner)?;
        self.page(&tokens_of(&owner), start_after, limit, |id| match self.token(id)? {
            Some(token) => self.may(&token, Permission::ViewOwner),
            None => Ok(false),
        })
    }

    fn page(
        &self,
        set: &Keyset<String, Json>,
        start_after: Option<String>,
        limit: Option<u32>,
        shown: impl Fn(&str) -> StdResult<bool>,
    ) -> StdResult<QueryAnswer> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as usize;
        let mut tokens = Vec::new();
        let mut started = start_after.is_none();
        for id in set.iter(self.deps.storage)? {
            let id = id?;
            if tokens.len() == limit {
                break;
            }
            if started && shown(&id)? {
                tokens.push(id.clone());
            }
            started = started || start_after.as_ref() == Some(&id);
        }
        Ok(QueryAnswer::TokenList { tokens })
    }

    /// Until when everybody may, if that was said.
    fn public_until(
        &self,
        permission: Permission,
        token: &Token,
        inventory: &Inventory,
    ) -> Option<Expiration> {
        let of = |approvals: &Approvals| approvals.everybody.valid(permission, self.block);
        of(&token.approvals).or_else(|| of(&inventory.approvals))
    }
}

fn not_found(id: &str) -> StdError {
    StdError::generic_err(format!("Token ID: {} not found", id))
}
