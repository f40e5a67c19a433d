//! The portal of a test's network, and people at its pages.

use evcharging_common::{
    grpc_client::{self, GrpcChannel},
    pb::{
        authorization::v1::{LoginRequest, LoginResponse},
        portal::v1::{
            LoginRequest as PageLoginRequest, driver_service_client::DriverServiceClient,
            login_service_client::LoginServiceClient, operator_service_client::OperatorServiceClient,
        },
        session::v1::SetUserRequest,
    },
    vocabulary::Role,
};
use tonic::{Request, Status};

use crate::{Process, TestNetwork, eventually, network::free_addresses};

/// The password of everybody in tests.
pub const TEST_PASSWORD: &str = "a-password-of-a-test";

/// A portal as a process of its own.
pub struct Portal {
    /// The process.
    pub process: Process,
    /// Where the driver's page is.
    pub driver_page: String,
    /// Where the operator's page is.
    pub operator_page: String,
}

/// What a browser keeps and sends with each call.
#[derive(Debug, Clone)]
pub struct Cookie(pub String);

impl Cookie {
    /// A request with the cookie.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("cookie", self.0.parse().expect("a header"));
        request
    }
}

impl TestNetwork {
    /// A portal that serves.
    pub async fn start_portal(&self) -> Portal {
        let [driver_at, operator_at] = free_addresses();
        let peers = [
            ("--authorization-address", "authorization"),
            ("--session-address", "session"),
            ("--cp-registry-address", "cp-registry"),
            ("--telemetry-address", "telemetry"),
        ];
        let mut arguments = vec!["portal".to_owned()];
        arguments.extend(self.broker.flags());
        arguments.extend(peers.map(|(flag, peer)| format!("{flag}={}", self.address(peer))));
        arguments.push(format!("--driver-page-listen={driver_at}"));
        arguments.push(format!("--operator-page-listen={operator_at}"));
        let mut process = Process::start("portal", &arguments);
        process.wait_for_line("the portal serves its pages");
        let [driver_page, operator_page] = [driver_at, operator_at].map(|at| format!("http://{at}"));
        Portal { process, driver_page, operator_page }
    }

    /// Somebody who may log in.
    pub async fn add_user(&self, user_id: &str, role: Role) {
        let mut network = self.network_writes();
        let request = SetUserRequest {
            user_id: user_id.to_owned(),
            role: role.into(),
            password: TEST_PASSWORD.to_owned(),
            only_if_new: false,
        };
        eventually("a user is made", async || network.set_user(request.clone()).await.ok()).await;
    }

    /// The tokens of a person who logs in.
    pub async fn log_in(&self, user_id: &str, password: &str) -> Result<LoginResponse, Status> {
        let request = LoginRequest {
            user_id: user_id.to_owned(),
            password: password.to_owned(),
            client_address: "192.0.2.1".to_owned(),
        };
        self.authorizations().login(request).await.map(tonic::Response::into_inner)
    }
}

impl Portal {
    /// Logs in at a page and keeps its cookie.
    ///
    /// # Errors
    /// As the page says it.
    pub async fn log_in(page: &str, user_id: &str, password: &str) -> Result<Cookie, Status> {
        let (user_id, password) = (user_id.to_owned(), password.to_owned());
        let mut client = LoginServiceClient::new(channel(page));
        let response = client.login(PageLoginRequest { user_id, password }).await?;
        let cookie = response.metadata().get("set-cookie").expect("a cookie").to_str().expect("text");
        Ok(Cookie(cookie.split(';').next().expect("a value").to_owned()))
    }

    /// Asks who is there.
    pub fn login_client(page: &str) -> LoginServiceClient<GrpcChannel> {
        LoginServiceClient::new(channel(page))
    }

    /// DriverService.
    pub fn drivers(&self) -> DriverServiceClient<GrpcChannel> {
        DriverServiceClient::new(channel(&self.driver_page))
    }

    /// OperatorService.
    pub fn operators(&self) -> OperatorServiceClient<GrpcChannel> {
        OperatorServiceClient::new(channel(&self.operator_page))
    }
}

fn channel(page: &str) -> GrpcChannel {
    grpc_client::connect_lazily(page).expect("an address")
}
