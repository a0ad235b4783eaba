//! Who may read: viewing keys and the revocation of permits. (Permits themselves are checked in `query`.)

use cosmwasm_std::{DepsMut, Env, MessageInfo, Response, StdResult};
use secret_toolkit::permit::RevokedPermits;
use secret_toolkit::viewing_key::{ViewingKey, ViewingKeyStore};

use crate::contract::success;
use crate::msg::{ExecuteAnswer, ResponseStatus};
use crate::state::PERMIT_PREFIX;

pub fn create_viewing_key(deps: DepsMut, env: &Env, info: &MessageInfo, entropy: String) -> StdResult<Response> {
    let mut entropy = entropy.into_bytes();
    // The toolkit's own inputs (seed, height, time, sender) are public but for the seed, and that was known to whoever
    // instantiated the contract. The block's random number is not; without it (a network that has none) the seed must do.
    if let Some(random) = &env.block.random {
        entropy.extend_from_slice(random.as_slice());
    }
    let key = ViewingKey::create(deps.storage, info, env, info.sender.as_str(), &entropy);
    success(ExecuteAnswer::CreateViewingKey { key })
}

pub fn set_viewing_key(deps: DepsMut, info: &MessageInfo, key: &str) -> StdResult<Response> {
    ViewingKey::set(deps.storage, info.sender.as_str(), key);
    success(ExecuteAnswer::SetViewingKey {
        status: ResponseStatus::Success,
    })
}

pub fn revoke_permit(deps: DepsMut, info: &MessageInfo, permit_name: &str) -> StdResult<Response> {
    RevokedPermits::revoke_permit(deps.storage, PERMIT_PREFIX, info.sender.as_str(), permit_name);
    success(ExecuteAnswer::RevokePermit {
        status: ResponseStatus::Success,
    })
}
