//! The contract against the library's mock of a chain. Addresses are plain words here.

use cosmwasm_std::testing::{mock_dependencies, mock_env, mock_info, MockApi, MockQuerier, MockStorage};
use cosmwasm_std::{
    from_binary, from_slice, CosmosMsg, Env, OwnedDeps, Response, StdError, StdResult, WasmMsg,
};

use crate::contract::{execute, instantiate, query};
use crate::msg::{QueryAnswer, ResponseStatus};

const WRONG_KEY: &str = "Wrong viewing key for this address or viewing key not set";

const COIN: &str = r#"{"token_info":{"token_id":"coin","name":"Coin","symbol":"C","token_config":{"fungible":
    {"minters":["alice"],"decimals":6,"public_total_supply":true,"enable_mint":true,"enable_burn":true}}},
    "balances":[{"address":"bob","amount":"100"}]}"#;
const CAT: &str = r#"{"token_info":{"token_id":"cat","name":"Cat","symbol":"CAT","token_config":{"nft":
    {"public_total_supply":true,"owner_is_public":false,"enable_burn":false}},
    "public_metadata":{"token_uri":"open"},"private_metadata":{"token_uri":"secret"}},
    "balances":[{"address":"bob","amount":"1"}]}"#;

/// A chain with the two tokens above, of which alice is admin and curator. Everyone's viewing key is their name.
struct Chain {
    deps: OwnedDeps<MockStorage, MockApi, MockQuerier>,
    env: Env,
}

impl Chain {
    fn new() -> Self {
        let mut chain = Self { deps: mock_dependencies(), env: mock_env() };
        let msg = format!(
            r#"{{"has_admin":true,"curators":["alice"],"entropy":"e","initial_tokens":[{},{}]}}"#,
            COIN, CAT
        );
        let msg = from_slice(msg.as_bytes()).unwrap();
        instantiate(chain.deps.as_mut(), chain.env.clone(), mock_info("alice", &[]), msg).unwrap();
        for name in ["alice", "bob", "carol"] {
            chain.does(name, &format!(r#"{{"set_viewing_key":{{"key":"{}"}}}}"#, name));
        }
        chain
    }

    fn tries(&mut self, sender: &str, msg: &str) -> StdResult<Response> {
        let msg = from_slice(msg.as_bytes()).unwrap();
        execute(self.deps.as_mut(), self.env.clone(), mock_info(sender, &[]), msg)
    }

    fn does(&mut self, sender: &str, msg: &str) -> Response {
        self.tries(sender, msg).unwrap()
    }

    fn fails(&mut self, sender: &str, msg: &str) -> String {
        message_of(self.tries(sender, msg).unwrap_err())
    }

    fn asks(&self, msg: &str) -> Result<QueryAnswer, String> {
        let msg = from_slice(msg.as_bytes()).unwrap();
        let answer = query(self.deps.as_ref(), self.env.clone(), msg).map_err(message_of)?;
        Ok(from_binary(&answer).unwrap())
    }

    fn balance(&self, owner: &str, viewer: &str, token: &str) -> Result<u128, String> {
        let query = format!(
            r#"{{"balance":{{"owner":"{}","viewer":"{}","key":"{}","token_id":"{}"}}}}"#,
            owner, viewer, viewer, token
        );
        self.asks(&query).map(|answer| match answer {
            QueryAnswer::Balance { amount } => amount.u128(),
            other => panic!("{:?}", other),
        })
    }

    fn supply(&self, token: &str) -> u128 {
        match self.asks(&format!(r#"{{"token_id_public_info":{{"token_id":"{}"}}}}"#, token)).unwrap() {
            QueryAnswer::TokenIdPublicInfo { total_supply, .. } => total_supply.unwrap().u128(),
            other => panic!("{:?}", other),
        }
    }
}

fn message_of(error: StdError) -> String {
    match error {
        StdError::GenericErr { msg, .. } => msg,
        other => other.to_string(),
    }
}

fn transfer(token: &str, from: &str, recipient: &str, amount: u128) -> String {
    format!(
        r#"{{"transfer":{{"token_id":"{}","from":"{}","recipient":"{}","amount":"{}"}}}}"#,
        token, from, recipient, amount
    )
}

fn amounts(name: &str, field: &str, token: &str, owner: &str, amount: u128) -> String {
    format!(
        r#"{{"{}":{{"{}":[{{"token_id":"{}","balances":[{{"address":"{}","amount":"{}"}}]}}]}}}}"#,
        name, field, token, owner, amount
    )
}

#[test]
fn transfers_move_what_there_is_and_no_more() {
    let mut chain = Chain::new();
    chain.does("bob", &transfer("coin", "bob", "carol", 30));
    assert_eq!(chain.balance("bob", "bob", "coin"), Ok(70));
    assert_eq!(chain.balance("carol", "carol", "coin"), Ok(30));
    assert_eq!(chain.fails("bob", &transfer("coin", "bob", "carol", 71)), "Insufficient funds");
    assert_eq!(chain.fails("bob", &transfer("coin", "bob", "carol", 0)), "Cannot transfer nothing");
    assert_eq!(chain.fails("bob", &transfer("none", "bob", "carol", 1)), "token_id none does not exist");
    chain.does("bob", &transfer("coin", "bob", "bob", 70));
    assert_eq!(chain.balance("bob", "bob", "coin"), Ok(70));
    assert_eq!(chain.supply("coin"), 100);
}

#[test]
fn batches_move_several_tokens_or_fail_whole() {
    let mut chain = Chain::new();
    let batch = r#"{"batch_transfer":{"actions":[{"token_id":"coin","from":"bob","recipient":"carol","amount":"5"},
        {"token_id":"cat","from":"bob","recipient":"carol","amount":"1"}]}}"#;
    chain.does("bob", batch);
    assert_eq!(
        (chain.balance("carol", "carol", "coin"), chain.balance("carol", "carol", "cat")),
        (Ok(5), Ok(1))
    );
    assert_eq!(chain.fails("bob", batch), "Insufficient funds");
}

#[test]
fn strangers_see_no_balance() {
    let chain = Chain::new();
    let denied = Err("You do not have permission to view this balance".to_string());
    assert_eq!(chain.balance("bob", "carol", "coin"), denied);
    assert_eq!(chain.balance("nobody", "carol", "coin"), denied);
    let wrong = r#"{"all_balances":{"owner":"bob","key":"carol"}}"#;
    assert_eq!(chain.asks(wrong), Ok(QueryAnswer::ViewingKeyError { msg: WRONG_KEY.to_string() }));
    let private = r#"{"token_id_private_info":{"address":"carol","key":"carol","token_id":"cat"}}"#;
    let text = "You do not have permission to view the private information of this token";
    assert_eq!(chain.asks(private), Err(text.to_string()));
    match chain.asks(r#"{"token_id_public_info":{"token_id":"cat"}}"#).unwrap() {
        QueryAnswer::TokenIdPublicInfo { token_id_info, owner, .. } => {
            assert_eq!((token_id_info.private_metadata, owner), (None, None));
            assert_eq!(token_id_info.public_metadata.unwrap().token_uri.as_deref(), Some("open"));
        }
        other => panic!("{:?}", other),
    }
}

#[test]
fn owners_see_all_they_have() {
    let mut chain = Chain::new();
    let all = r#"{"all_balances":{"owner":"bob","key":"bob"}}"#;
    let ids = |chain: &Chain| match chain.asks(all).unwrap() {
        QueryAnswer::AllBalances(balances) => {
            balances.into_iter().map(|balance| (balance.token_id, balance.amount.u128())).collect::<Vec<_>>()
        }
        other => panic!("{:?}", other),
    };
    assert_eq!(ids(&chain), [("coin".to_string(), 100), ("cat".to_string(), 1)]);
    let private = r#"{"token_id_private_info":{"address":"bob","key":"bob","token_id":"cat"}}"#;
    match chain.asks(private).unwrap() {
        QueryAnswer::TokenIdPrivateInfo { token_id_info, owner, .. } => {
            assert_eq!(token_id_info.private_metadata.unwrap().token_uri.as_deref(), Some("secret"));
            assert_eq!(owner.unwrap().as_str(), "bob");
        }
        other => panic!("{:?}", other),
    }
    chain.does("bob", &transfer("cat", "bob", "carol", 1));
    assert_eq!(ids(&chain), [("coin".to_string(), 100)]);
    assert!(chain.asks(private).is_err());
}

#[test]
fn permissions_open_and_expire() {
    let mut chain = Chain::new();
    assert_eq!(
        chain.fails("carol", &transfer("coin", "bob", "carol", 1)),
        "These tokens do not exist or you have no permission"
    );
    let height = chain.env.block.height;
    let give = format!(
        r#"{{"give_permission":{{"allowed_address":"carol","token_id":"coin","view_balance":true,"transfer":"10",
            "transfer_expiry":{{"at_height":{}}}}}}}"#,
        height + 1
    );
    chain.does("bob", &give);
    assert_eq!(chain.balance("bob", "carol", "coin"), Ok(100));
    chain.does("carol", &transfer("coin", "bob", "carol", 4));
    assert_eq!(chain.fails("carol", &transfer("coin", "bob", "carol", 7)), "Insufficient transfer allowance");
    for key in ["bob", "carol"] {
        let query = format!(
            r#"{{"permission":{{"owner":"bob","allowed_address":"carol","key":"{}","token_id":"coin"}}}}"#,
            key
        );
        match chain.asks(&query).unwrap() {
            QueryAnswer::Permission(Some(permission)) => {
                assert_eq!(permission.trfer_allowance_perm.u128(), 6);
            }
            other => panic!("{:?}", other),
        }
    }
    chain.env.block.height = height + 1;
    assert_eq!(
        chain.fails("carol", &transfer("coin", "bob", "carol", 1)),
        "These tokens do not exist or you have no permission"
    );
    let revoke = r#"{"revoke_permission":{"token_id":"coin","owner":"bob","allowed_address":"carol"}}"#;
    chain.fails("alice", revoke);
    chain.does("carol", revoke);
    assert!(chain.balance("bob", "carol", "coin").is_err());
}

#[test]
fn whom_the_owner_of_a_unique_token_permits_sees_its_private_metadata() {
    let mut chain = Chain::new();
    chain.does(
        "bob",
        r#"{"give_permission":{"allowed_address":"carol","token_id":"cat","view_private_metadata":true}}"#,
    );
    let private = r#"{"token_id_private_info":{"address":"carol","key":"carol","token_id":"cat"}}"#;
    match chain.asks(private).unwrap() {
        QueryAnswer::TokenIdPrivateInfo { token_id_info, owner, .. } => {
            assert!(token_id_info.private_metadata.is_some() && owner.is_none());
        }
        other => panic!("{:?}", other),
    }
    // A permission is the owner's: it does not go with the token.
    chain.does("bob", &transfer("cat", "bob", "alice", 1));
    assert!(chain.asks(private).is_err());
}

#[test]
fn minting_and_burning_change_the_supply() {
    let mut chain = Chain::new();
    let mint = |token: &str, amount| amounts("mint_tokens", "mint_tokens", token, "carol", amount);
    let burn = |token: &str, amount| amounts("burn_tokens", "burn_tokens", token, "bob", amount);
    chain.does("alice", &mint("coin", 50));
    assert_eq!((chain.supply("coin"), chain.balance("carol", "carol", "coin")), (150, Ok(50)));
    let may_not = |token: &str| format!("You may not mint token_id {}, or minting is not enabled", token);
    assert_eq!(chain.fails("bob", &mint("coin", 1)), may_not("coin"));
    assert_eq!(chain.fails("alice", &mint("cat", 1)), may_not("cat"));
    assert_eq!(chain.fails("alice", &mint("coin", u128::MAX)), "The supply would overflow");
    chain.does("bob", &burn("coin", 100));
    assert_eq!((chain.supply("coin"), chain.balance("bob", "bob", "coin")), (50, Ok(0)));
    assert_eq!(chain.fails("bob", &burn("coin", 1)), "Insufficient funds");
    assert_eq!(chain.fails("bob", &burn("cat", 1)), "Burning is not enabled for token_id cat");
    chain.fails("carol", &burn("coin", 1));
}

#[test]
fn curators_bring_new_tokens_into_being_once() {
    let mut chain = Chain::new();
    let curate = |token: &str| format!(r#"{{"curate_token_ids":{{"initial_tokens":[{}]}}}}"#, token);
    let dog = CAT.replace("cat", "dog");
    assert_eq!(chain.fails("bob", &curate(&dog)), "Only curators are allowed to curate token_ids");
    chain.does("alice", &curate(&dog));
    assert_eq!(chain.fails("alice", &curate(&dog)), "token_id dog already exists");
    let two = CAT.replace("cat", "two").replace(r#""amount":"1""#, r#""amount":"2""#);
    assert_eq!(chain.fails("alice", &curate(&two)), "token_id two is an NFT; there can be only one NFT");
    match chain.asks(r#"{"contract_info":{}}"#).unwrap() {
        QueryAnswer::ContractInfo { all_token_ids, .. } => assert_eq!(all_token_ids, ["coin", "cat", "dog"]),
        other => panic!("{:?}", other),
    }
    chain.does("alice", r#"{"remove_curators":{"remove_curators":["alice"]}}"#);
    chain.fails("alice", &curate(&CAT.replace("cat", "owl")));
}

#[test]
fn an_admin_can_be_changed_and_removed() {
    let mut chain = Chain::new();
    let add = r#"{"add_curators":{"add_curators":["bob"]}}"#;
    assert_eq!(chain.fails("bob", add), "This is an admin function");
    chain.does("alice", r#"{"change_admin":{"new_admin":"bob"}}"#);
    chain.does("bob", add);
    let remove = |name: &str| format!(r#"{{"remove_admin":{{"current_admin":"{}"}}}}"#, name);
    assert_eq!(chain.fails("bob", &remove("alice")), "The current admin must be named to remove it");
    chain.does("bob", &remove("bob"));
    assert_eq!(chain.fails("bob", add), "This is an admin function");
}

#[test]
fn a_receiver_is_told_what_it_was_sent() {
    let mut chain = Chain::new();
    let send = r#"{"send":{"token_id":"coin","from":"bob","recipient":"vault","amount":"3","msg":"aGk="}}"#;
    assert!(chain.does("bob", send).messages.is_empty());
    let hash = "b".repeat(64);
    chain.does("vault", &format!(r#"{{"register_receive":{{"code_hash":"{}"}}}}"#, hash));
    let sent = chain.does("bob", send);
    match &sent.messages[0].msg {
        CosmosMsg::Wasm(WasmMsg::Execute { contract_addr, code_hash, msg, .. }) => {
            assert_eq!((contract_addr.as_str(), code_hash), ("vault", &hash));
            let text = String::from_utf8(msg.to_vec()).unwrap();
            let expected = r#"{"snip1155_receive":{"sender":"bob","token_id":"coin","from":"bob","amount":"3","memo":null,"msg":"aGk="}}"#;
            assert_eq!(text.trim_end(), expected);
            assert_eq!(text.len() % shared::BLOCK_SIZE, 0);
        }
        other => panic!("{:?}", other),
    }
    assert!(matches!(
        from_binary(sent.data.as_ref().unwrap()),
        Ok(crate::msg::ExecuteAnswer::Send { status: ResponseStatus::Success })
    ));
}
