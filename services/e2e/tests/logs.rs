//! Logs and errors help whoever looks for a fault: they name its trace, and say more when they are asked to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use evcharging_common::{
    grpc_client,
    pb::{
        logs::v1::{GetLogFilterRequest, SetLogFilterRequest, log_service_client::LogServiceClient},
        session::v1::{CreateDriverRequest, GetSessionRequest},
    },
};
use evcharging_testkit::{Process, TestNetwork};
use tonic::{Code, Request};
use tonic_types::StatusExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_logs_more_when_it_is_asked_and_less_again() {
    let mut network = TestNetwork::start().await;
    let channel = grpc_client::connect_lazily(network.address("session")).unwrap();
    let mut logs = LogServiceClient::new(channel);
    let mut set = async |filter: &str, duration_ms| {
        let request = SetLogFilterRequest { filter: filter.to_owned(), duration_ms };
        logs.set_log_filter(request).await.map(|response| response.into_inner().log_filter.unwrap())
    };

    for (filter, duration_ms, field) in [("info,=,", 0, "filter"), ("debug", -1, "duration_ms")] {
        let refused = set(filter, duration_ms).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let details = refused.get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, field);
    }
    let now = set("info,evcharging_session=debug", 60_000).await.unwrap();
    assert_eq!(
        (now.filter.as_str(), now.configured_filter.as_str()),
        ("info,evcharging_session=debug", "info")
    );
    assert!(now.reverts_at_ms > 0);
    let driver = CreateDriverRequest { driver_id: "driver1".into(), name: "Ana".into() };
    network.network_writes().create_driver(driver).await.unwrap();
    network.session.wait_for_line("a batch was stored");

    // A short while: it is over by itself.
    set("debug", 50).await.unwrap();
    network.session.wait_for_line("what is logged is as configured again");
    let now = logs.get_log_filter(GetLogFilterRequest {}).await.unwrap().into_inner().log_filter.unwrap();
    assert_eq!((now.filter.as_str(), now.reverts_at_ms), ("info", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_for_it_runs_in_the_container_of_the_service_whose_ports_are_taken() {
    let network = TestNetwork::start().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let session = network.address("session");
    let arguments = ["--metrics-listen", &taken, "admin", "log", "debug", "--address", session];
    let mut tool = Process::start("admin log", &arguments.map(str::to_owned));
    assert_eq!(tool.wait(Duration::from_secs(10)), 0, "{}", tool.output());
    let said = tool.output();
    assert!(said.starts_with("logs debug until ") && said.ends_with(", then info again"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_its_trace() {
    let network = TestNetwork::start().await;
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let mut request = Request::new(GetSessionRequest { session_id: "nobody-s".into() });
    let traceparent = format!("00-{trace_id}-b7ad6b7169203331-01");
    request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    let refused = network.sessions().get_session(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let info = refused.get_error_details().error_info().unwrap().clone();
    assert_eq!(info.metadata.get("trace_id").map(String::as_str), Some(trace_id));
}
