//! What is missing or away is said, health tells of it, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evcharging_common::{kafka::topics, vocabulary::ChargePointStatus};
use evcharging_testkit::{NetworkOptions, Process, TestNetwork, eventually, free_addresses};
use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};
use rustix::process::Signal;

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_killed_and_frozen_during_a_charge() {
    let options = NetworkOptions { own_postgres: true, ..NetworkOptions::default() };
    let mut network = TestNetwork::start_with(options).await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    let session_id = driver.charge("MAD-01").await;
    let mut server = network.postgres.take().unwrap();
    for frozen in [false, true] {
        if frozen {
            server.process().signal_all(Signal::STOP);
        } else {
            server.kill();
        }
        for service in ["session", "authorization", "cp-registry"] {
            eventually(&format!("{service} is not serving"), async || {
                (!network.is_serving(service).await).then_some(())
            })
            .await;
        }
        if frozen {
            server.process().signal_all(Signal::CONT);
        } else {
            server.restart().await;
        }
        for service in ["session", "authorization", "cp-registry"] {
            eventually(&format!("{service} serves again"), async || {
                network.is_serving(service).await.then_some(())
            })
            .await;
        }
    }
    // However long that took, the charge ended once: when its driver stopped it, or when the link's lease could not be renewed.
    driver.stop("MAD-01").await;
    assert_eq!(driver.ticket().await.session_id, session_id);
    network.wait_for_status("MAD-01", ChargePointStatus::Available).await;
    network.ledger().await.check("the database was away").await;
    driver.charge("MAD-01").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_service_that_starts_before_its_database_waits_for_it() {
    let options = NetworkOptions { own_postgres: true, ..NetworkOptions::default() };
    let mut network = TestNetwork::start_with(options).await;
    let mut server = network.postgres.take().unwrap();
    server.kill();
    network.session.restart();
    network.session.wait_for_line("opening the database fails");
    server.restart().await;
    network.session.wait_for_line("session listens");
    eventually("session serves", async || network.is_serving("session").await.then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_names_the_topics_that_are_missing_and_waits_for_them() {
    let cluster: MockCluster<'static, DefaultProducerContext> = MockCluster::new(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("evcharging.db").display());
    let [listen] = free_addresses();
    let kafka = cluster.bootstrap_servers();
    let arguments =
        ["session", "--listen", &listen, "--database-url", &url, "--kafka-bootstrap-servers", &kafka];
    let mut session = Process::start("session", &arguments.map(str::to_owned));
    let said = session.wait_for_line("Kafka lacks topics");
    assert!(said.contains("evcharging topics --apply") && said.contains("central_commands"), "{said}");
    assert!(!evcharging_testkit::is_serving(&listen).await);
    for topic in topics::ALL {
        cluster.create_topic(topic.name, 1, 1).unwrap();
    }
    session.wait_for_line("Kafka has every topic now");
    eventually("session serves", async || evcharging_testkit::is_serving(&listen).await.then_some(())).await;
}
