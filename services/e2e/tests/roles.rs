//! Only session may write, and the others insist on it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use evcharging_testkit::{Broker, Process, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_given_the_writing_credentials_refuses_to_start() {
    let database = TestDatabase::on_server("EVCHARGING_TEST_POSTGRES_URL").await;
    let broker = Broker::start().await;
    for part in ["authorization", "cp-registry"] {
        let arguments = [part, "--database-url", &database.session_url].map(str::to_owned);
        let arguments = [arguments.to_vec(), broker.flags()].concat();
        let mut service = Process::start(part, &arguments);
        assert_eq!(service.wait(Duration::from_secs(20)), 1);
        let said = service.output();
        assert!(said.contains("give it those of the role evcharging_reader"), "{said}");
        assert!(!said.contains("a-password-of-a-test"), "no password is told: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn session_on_a_server_without_tables_says_what_to_do() {
    let server_url = std::env::var("EVCHARGING_TEST_MARIADB_URL").expect("tools/with-backends sets it");
    let arguments = ["session", "--database-url", &server_url];
    let mut session = Process::start("session", &arguments.map(str::to_owned));
    assert_eq!(session.wait(Duration::from_secs(20)), 1);
    let said = session.output();
    assert!(said.contains("run `evcharging migrate`"), "{said}");
}
