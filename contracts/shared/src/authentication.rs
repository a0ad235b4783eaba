//! Who asks, by viewing key.

use cosmwasm_std::{Addr, Deps, Env, MessageInfo, StdError, StdResult, Storage};
use secret_toolkit::crypto::sha_256;
use secret_toolkit::viewing_key::{ViewingKey, ViewingKeyStore};

/// Once, when the contract is made. Hashed because a seed may be empty, and an empty value cannot be stored.
pub fn set_seed(storage: &mut dyn Storage, entropy: &str) {
    ViewingKey::set_seed(storage, &sha_256(entropy.as_bytes()));
}

pub fn create_viewing_key(storage: &mut dyn Storage, env: &Env, info: &MessageInfo, entropy: &str) -> String {
    let mut entropy = entropy.as_bytes().to_vec();
    // All else that the toolkit mixes in is known to whoever made the contract. The block's random number is not.
    if let Some(random) = &env.block.random {
        entropy.extend_from_slice(random.as_slice());
    }
    ViewingKey::create(storage, info, env, info.sender.as_str(), &entropy)
}

pub fn set_viewing_key(storage: &mut dyn Storage, info: &MessageInfo, key: &str) {
    ViewingKey::set(storage, info.sender.as_str(), key);
}

/// Whose key this is said to be, if it is.
pub fn by_viewing_key(deps: Deps, address: &str, key: &str) -> StdResult<Addr> {
    // A key that was never set takes as long to compare as a wrong one.
    ViewingKey::check(deps.storage, address, key)
        .map_err(|_| StdError::generic_err("Wrong viewing key for this address or viewing key not set"))?;
    deps.api.addr_validate(address)
}
