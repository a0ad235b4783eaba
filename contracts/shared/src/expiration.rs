use cosmwasm_std::BlockInfo;
use serde::{Deserialize, Serialize};

/// Until when a permission holds: `"never"` (it does not end), `{"at_height":n}` or `{"at_time":seconds since 1970}`.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Expiration {
    Never,
    AtHeight(u64),
    AtTime(u64),
}

impl Expiration {
    /// From the block it names onwards, a permission holds no more.
    pub fn is_over(self, block: &BlockInfo) -> bool {
        match self {
            Expiration::Never => false,
            Expiration::AtHeight(height) => block.height >= height,
            Expiration::AtTime(seconds) => block.time.seconds() >= seconds,
        }
    }
}
