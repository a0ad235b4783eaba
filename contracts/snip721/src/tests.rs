//! The collection against the library's mock of a chain. Addresses are plain words here.

use cosmwasm_std::testing::{mock_dependencies, mock_env, mock_info, MockApi, MockQuerier, MockStorage};
use cosmwasm_std::{
    from_binary, from_slice, CosmosMsg, Env, OwnedDeps, Response, StdError, StdResult, WasmMsg,
};

use crate::contract::{execute, instantiate, query};
use crate::msg::{ExecuteAnswer, QueryAnswer};

/// A chain with a private collection, of which alice is admin and minter. Everyone's viewing key is their name.
struct Chain {
    deps: OwnedDeps<MockStorage, MockApi, MockQuerier>,
    env: Env,
}

impl Chain {
    fn new(config: &str) -> Self {
        let mut chain = Self { deps: mock_dependencies(), env: mock_env() };
        let msg = format!(r#"{{"name":"Cats","symbol":"CAT","entropy":"e","config":{}}}"#, config);
        let msg = from_slice(msg.as_bytes()).unwrap();
        instantiate(chain.deps.as_mut(), chain.env.clone(), mock_info("alice", &[]), msg).unwrap();
        for name in ["alice", "bob", "carol"] {
            chain.does(name, &format!(r#"{{"set_viewing_key":{{"key":"{}"}}}}"#, name));
        }
        chain
    }

    /// With the tokens `a` and `b` of bob.
    fn with_tokens(config: &str) -> Self {
        let mut chain = Self::new(config);
        chain.does("alice", r#"{"batch_mint_nft":{"mints":[
            {"token_id":"a","owner":"bob","public_metadata":{"token_uri":"open"},"private_metadata":{"token_uri":"secret"}},
            {"token_id":"b","owner":"bob"}]}}"#);
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

    fn owner_of(&self, token: &str, viewer: &str) -> Result<String, String> {
        let query = format!(r#"{{"owner_of":{{"token_id":"{}"{}}}}}"#, token, viewer_field(viewer));
        self.asks(&query).map(|answer| match answer {
            QueryAnswer::OwnerOf { owner, .. } => owner.into_string(),
            other => panic!("{:?}", other),
        })
    }

    fn private_uri(&self, token: &str, viewer: &str) -> Result<Option<String>, String> {
        let query = format!(r#"{{"private_metadata":{{"token_id":"{}"{}}}}}"#, token, viewer_field(viewer));
        self.asks(&query).map(|answer| match answer {
            QueryAnswer::PrivateMetadata(metadata) => metadata.token_uri,
            other => panic!("{:?}", other),
        })
    }

    fn tokens(&self, owner: &str, more: &str) -> Vec<String> {
        list(self.asks(&format!(r#"{{"tokens":{{"owner":"{}"{}}}}}"#, owner, more)).unwrap())
    }
}

fn viewer_field(viewer: &str) -> String {
    match viewer {
        "" => String::new(),
        _ => format!(r#","viewer":{{"address":"{}","viewing_key":"{}"}}"#, viewer, viewer),
    }
}

fn list(answer: QueryAnswer) -> Vec<String> {
    match answer {
        QueryAnswer::TokenList { tokens } => tokens,
        other => panic!("{:?}", other),
    }
}

fn message_of(error: StdError) -> String {
    match error {
        StdError::GenericErr { msg, .. } => msg,
        other => other.to_string(),
    }
}

fn unauthorized(token: &str) -> String {
    format!("You are not authorized to perform this action on token {}", token)
}

#[test]
fn only_minters_mint_and_ids_are_given_once() {
    let mut chain = Chain::new("{}");
    assert_eq!(
        chain.fails("bob", r#"{"mint_nft":{"token_id":"a"}}"#),
        "Only designated minters are allowed to mint"
    );
    let minted = chain.does("alice", r#"{"mint_nft":{"owner":"bob"}}"#).data.unwrap();
    let token_id = "0".to_string();
    assert_eq!(from_binary::<ExecuteAnswer>(&minted).unwrap(), ExecuteAnswer::MintNft { token_id });
    assert_eq!(chain.fails("alice", r#"{"mint_nft":{"token_id":"0"}}"#), "Token ID 0 is already in use");
    chain.does("alice", r#"{"add_minters":{"minters":["bob"]}}"#);
    chain.does("bob", r#"{"mint_nft":{"token_id":"a"}}"#);
    chain.does("alice", r#"{"remove_minters":{"minters":["bob"]}}"#);
    chain.fails("bob", r#"{"mint_nft":{"token_id":"b"}}"#);
    assert_eq!(chain.tokens("bob", r#","viewing_key":"bob""#), ["0", "a"]);
}

#[test]
fn only_the_admin_administers() {
    let mut chain = Chain::new("{}");
    let not_admin = "This is an admin command and can only be run from the admin address";
    assert_eq!(chain.fails("bob", r#"{"add_minters":{"minters":["bob"]}}"#), not_admin);
    chain.does("alice", r#"{"change_admin":{"address":"bob"}}"#);
    assert_eq!(chain.fails("alice", r#"{"change_admin":{"address":"alice"}}"#), not_admin);
    chain.does("bob", r#"{"add_minters":{"minters":["bob"]}}"#);
}

#[test]
fn strangers_see_nothing_and_not_even_whether_a_token_is_there() {
    let chain = Chain::with_tokens("{}");
    for stranger in ["", "carol"] {
        for token in ["a", "none"] {
            assert_eq!(chain.owner_of(token, stranger), Err(unauthorized(token)));
            assert_eq!(chain.private_uri(token, stranger), Err(unauthorized(token)));
        }
    }
    assert_eq!(chain.tokens("bob", ""), [""; 0]);
    assert_eq!(chain.tokens("bob", r#","viewer":"carol","viewing_key":"carol""#), [""; 0]);
    for query in [r#"{"num_tokens":{}}"#, r#"{"all_tokens":{}}"#] {
        assert_eq!(chain.asks(query), Err("The token supply of this contract is private".to_string()));
    }
    let wrong = r#"{"owner_of":{"token_id":"a","viewer":{"address":"bob","viewing_key":"x"}}}"#;
    let wrong_key = "Wrong viewing key for this address or viewing key not set".to_string();
    assert_eq!(chain.asks(wrong), Err(wrong_key));
}

#[test]
fn an_owner_sees_everything_and_everybody_the_public_metadata() {
    let chain = Chain::with_tokens("{}");
    assert_eq!(chain.owner_of("a", "bob"), Ok("bob".to_string()));
    assert_eq!(chain.private_uri("a", "bob"), Ok(Some("secret".to_string())));
    assert_eq!(chain.tokens("bob", r#","viewing_key":"bob""#), ["a", "b"]);
    assert_eq!(chain.tokens("bob", r#","viewing_key":"bob","start_after":"a""#), ["b"]);
    assert_eq!(chain.tokens("bob", r#","viewing_key":"bob","limit":1"#), ["a"]);
    match chain.asks(r#"{"nft_info":{"token_id":"a"}}"#) {
        Ok(QueryAnswer::NftInfo(metadata)) => assert_eq!(metadata.token_uri.as_deref(), Some("open")),
        other => panic!("{:?}", other),
    }
    let minter = r#"{"all_tokens":{"viewer":{"address":"alice","viewing_key":"alice"}}}"#;
    assert_eq!(list(chain.asks(minter).unwrap()), ["a", "b"]);
}

#[test]
fn all_there_is_of_a_token_hides_its_owner_from_strangers() {
    let mut chain = Chain::with_tokens("{}");
    chain.does("bob", r#"{"approve":{"spender":"carol","token_id":"a"}}"#);
    let seen = |token: &str, viewer: &str| {
        let query = format!(r#"{{"all_nft_info":{{"token_id":"{}"{}}}}}"#, token, viewer_field(viewer));
        match chain.asks(&query).unwrap() {
            QueryAnswer::AllNftInfo { access, info } => {
                let spenders = access.approvals.into_iter().map(|approval| approval.spender.into_string());
                (access.owner.map(|owner| owner.into_string()), spenders.collect::<Vec<_>>(), info.token_uri)
            }
            other => panic!("{:?}", other),
        }
    };
    let open = Some("open".to_string());
    assert_eq!(seen("a", ""), (None, vec![], open.clone()));
    assert_eq!(seen("a", "bob"), (Some("bob".to_string()), vec!["carol".to_string()], open));
    assert_eq!(seen("none", ""), (None, vec![], None));
}

#[test]
fn public_collections_show_owners_and_supply() {
    let mut chain = Chain::with_tokens(r#"{"public_owner":true,"public_token_supply":true}"#);
    assert_eq!(chain.owner_of("a", ""), Ok("bob".to_string()));
    assert_eq!(chain.asks(r#"{"num_tokens":{}}"#), Ok(QueryAnswer::NumTokens { count: 2 }));
    assert_eq!(chain.owner_of("none", ""), Err("Token ID: none not found".to_string()));
    assert_eq!(chain.private_uri("a", ""), Err(unauthorized("a")));
    chain.does("bob", r#"{"make_ownership_private":{}}"#);
    assert_eq!(chain.owner_of("a", ""), Err(unauthorized("a")));
}

#[test]
fn transfers_move_the_token_and_end_its_approvals() {
    let mut chain = Chain::with_tokens("{}");
    chain.does("bob", r#"{"approve":{"spender":"alice","token_id":"a"}}"#);
    chain.does("bob", r#"{"transfer_nft":{"recipient":"carol","token_id":"a"}}"#);
    assert_eq!(chain.owner_of("a", "carol"), Ok("carol".to_string()));
    assert_eq!(chain.owner_of("a", "bob"), Err(unauthorized("a")));
    assert_eq!(chain.tokens("bob", r#","viewing_key":"bob""#), ["b"]);
    for former in ["bob", "alice"] {
        let back = r#"{"transfer_nft":{"recipient":"bob","token_id":"a"}}"#;
        assert_eq!(chain.fails(former, back), unauthorized("a"));
    }
    let missing = r#"{"transfer_nft":{"recipient":"bob","token_id":"none"}}"#;
    assert_eq!(chain.fails("bob", missing), unauthorized("none"));
}

#[test]
fn approvals_hold_until_they_expire() {
    let mut chain = Chain::with_tokens("{}");
    let height = chain.env.block.height;
    let until = |height: u64| {
        format!(r#"{{"approve":{{"spender":"carol","token_id":"a","expires":{{"at_height":{}}}}}}}"#, height)
    };
    chain.does("bob", &until(height));
    let take = r#"{"transfer_nft":{"recipient":"carol","token_id":"a"}}"#;
    assert_eq!(chain.fails("carol", take), unauthorized("a"));
    chain.does("bob", &until(height + 1));
    chain.does("carol", take);
    let seconds = chain.env.block.time.seconds();
    let all = format!(r#"{{"approve_all":{{"operator":"carol","expires":{{"at_time":{}}}}}}}"#, seconds + 1);
    chain.does("bob", &all);
    let take = r#"{"transfer_nft":{"recipient":"carol","token_id":"b"}}"#;
    let now = chain.env.block.time;
    chain.env.block.time = now.plus_seconds(1);
    assert_eq!(chain.fails("carol", take), unauthorized("b"));
    chain.env.block.time = now;
    chain.does("carol", take);
}

#[test]
fn an_operator_approves_for_the_owner_and_revocation_ends_it() {
    let mut chain = Chain::with_tokens("{}");
    let approve = r#"{"approve":{"spender":"carol","token_id":"a"}}"#;
    assert_eq!(chain.fails("alice", approve), unauthorized("a"));
    chain.does("bob", r#"{"approve_all":{"operator":"alice"}}"#);
    chain.does("alice", approve);
    chain.does("alice", r#"{"revoke":{"spender":"carol","token_id":"a"}}"#);
    let take = r#"{"transfer_nft":{"recipient":"carol","token_id":"a"}}"#;
    assert_eq!(chain.fails("carol", take), unauthorized("a"));
    chain.does("bob", r#"{"revoke_all":{"operator":"alice"}}"#);
    assert_eq!(chain.fails("alice", approve), unauthorized("a"));
}

#[test]
fn whitelisting_opens_one_token_or_all_and_none_takes_it_back() {
    let mut chain = Chain::with_tokens("{}");
    chain.does("bob", r#"{"set_whitelisted_approval":{"address":"carol","token_id":"a","view_owner":"approve_token","view_private_metadata":"all"}}"#);
    assert_eq!(chain.owner_of("a", "carol"), Ok("bob".to_string()));
    assert_eq!(chain.owner_of("b", "carol"), Err(unauthorized("b")));
    assert_eq!(chain.private_uri("a", "carol"), Ok(Some("secret".to_string())));
    assert_eq!(chain.private_uri("b", "carol"), Ok(None));
    assert_eq!(chain.tokens("bob", r#","viewer":"carol","viewing_key":"carol""#), ["a"]);
    chain.does("bob", r#"{"set_whitelisted_approval":{"address":"carol","view_owner":"none","view_private_metadata":"none"}}"#);
    assert_eq!(chain.owner_of("a", "carol"), Err(unauthorized("a")));
    assert_eq!(chain.private_uri("a", "carol"), Err(unauthorized("a")));
    let foreign =
        r#"{"set_whitelisted_approval":{"address":"carol","token_id":"a","transfer":"approve_token"}}"#;
    assert_eq!(chain.fails("carol", foreign), unauthorized("a"));
    let nothing = r#"{"set_global_approval":{"view_owner":"approve_token"}}"#;
    assert_eq!(chain.fails("bob", nothing), "A token_id is needed to approve or revoke for one token");
}

#[test]
fn a_dossier_says_what_is_open_to_whom() {
    let mut chain = Chain::with_tokens("{}");
    chain.does(
        "bob",
        r#"{"set_global_approval":{"token_id":"a","view_owner":"approve_token","expires":"never"}}"#,
    );
    chain.does("bob", r#"{"approve":{"spender":"carol","token_id":"a"}}"#);
    let dossier = |viewer: &str| {
        chain.asks(&format!(r#"{{"nft_dossier":{{"token_id":"a"{}}}}}"#, viewer_field(viewer))).unwrap()
    };
    match dossier("") {
        QueryAnswer::NftDossier {
            owner,
            private_metadata,
            display_private_metadata_error,
            owner_is_public,
            private_metadata_is_public,
            token_approvals,
            ..
        } => {
            assert_eq!(owner.unwrap().as_str(), "bob");
            assert!(private_metadata.is_none() && display_private_metadata_error.is_some());
            assert!(owner_is_public && !private_metadata_is_public);
            assert!(token_approvals.is_none());
        }
        other => panic!("{:?}", other),
    }
    match dossier("bob") {
        QueryAnswer::NftDossier { private_metadata, token_approvals, .. } => {
            assert_eq!(private_metadata.unwrap().token_uri.as_deref(), Some("secret"));
            assert_eq!(token_approvals.unwrap()[0].address.as_str(), "carol");
        }
        other => panic!("{:?}", other),
    }
}

#[test]
fn a_receiver_is_told_of_the_former_owner() {
    let mut chain = Chain::with_tokens("{}");
    let hash = "a".repeat(64);
    let unknown = chain.does("bob", r#"{"send_nft":{"contract":"vault","token_id":"b"}}"#);
    assert!(unknown.messages.is_empty());
    let register = format!(r#"{{"register_receive_nft":{{"code_hash":"{}"}}}}"#, hash);
    chain.does("vault", &register);
    chain.does("bob", r#"{"approve":{"spender":"carol","token_id":"a"}}"#);
    let sent = chain.does("carol", r#"{"send_nft":{"contract":"vault","token_id":"a","msg":"aGk="}}"#);
    match &sent.messages[0].msg {
        CosmosMsg::Wasm(WasmMsg::Execute { contract_addr, code_hash, msg, .. }) => {
            assert_eq!((contract_addr.as_str(), code_hash), ("vault", &hash));
            let text = String::from_utf8(msg.to_vec()).unwrap();
            assert_eq!(text.trim_end(), r#"{"receive_nft":{"sender":"bob","token_id":"a","msg":"aGk="}}"#);
            assert_eq!(text.len() % shared::BLOCK_SIZE, 0);
        }
        other => panic!("{:?}", other),
    }
    let short = r#"{"register_receive_nft":{"code_hash":"ab"}}"#;
    assert_eq!(chain.fails("vault", short), "code_hash: expected 64 hexadecimal digits");
}

#[test]
fn burning_needs_to_be_enabled_and_leaves_nothing() {
    let burn = r#"{"burn_nft":{"token_id":"a"}}"#;
    let disabled = "Burn functionality is not enabled for this token";
    assert_eq!(Chain::with_tokens("{}").fails("bob", burn), disabled);
    let mut chain = Chain::with_tokens(r#"{"enable_burn":true,"public_token_supply":true}"#);
    assert_eq!(chain.fails("carol", burn), unauthorized("a"));
    chain.does("bob", burn);
    assert_eq!(chain.asks(r#"{"num_tokens":{}}"#), Ok(QueryAnswer::NumTokens { count: 1 }));
    assert_eq!(chain.owner_of("a", "bob"), Err("Token ID: a not found".to_string()));
    chain.does("alice", r#"{"mint_nft":{"token_id":"a"}}"#);
}

#[test]
fn minters_change_metadata() {
    let mut chain = Chain::with_tokens("{}");
    let change = r#"{"set_metadata":{"token_id":"a","private_metadata":{"token_uri":"new"}}}"#;
    chain.fails("bob", change);
    chain.does("alice", change);
    assert_eq!(chain.private_uri("a", "bob"), Ok(Some("new".to_string())));
}

#[test]
fn a_created_key_opens_and_answers_are_padded() {
    let mut chain = Chain::with_tokens("{}");
    let data = chain.does("bob", r#"{"create_viewing_key":{"entropy":"x"}}"#).data.unwrap();
    assert_eq!(data.len() % shared::BLOCK_SIZE, 0);
    let key = match from_binary(&data).unwrap() {
        ExecuteAnswer::ViewingKey { key } => key,
        other => panic!("{:?}", other),
    };
    assert_eq!(chain.tokens("bob", &format!(r#","viewing_key":"{}""#, key)), ["a", "b"]);
}
