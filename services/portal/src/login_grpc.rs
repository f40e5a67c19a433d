//! LoginService: beside each page.

use evcharging_common::{
    error::Error,
    pb::{
        authorization::v1 as authorization,
        portal::v1::{self as pb, login_service_server::LoginService},
        types::v1 as types,
    },
};
use tonic::{Request, Response, Status, metadata::MetadataMap};

use crate::{
    cookie::Page,
    peers::{Peers, answer},
    visitors::{Visitor, Visitors},
};

/// Lets people in at one page.
pub struct LoginGrpc {
    /// Which page.
    pub page: Page,
    /// Who checks passwords.
    pub peers: Peers,
    /// Who is in.
    pub visitors: Visitors,
    /// The password of everybody, where it is public.
    pub demo_password: Option<String>,
    /// A proxy stands in front and says for whom it speaks.
    pub behind_proxy: bool,
}

#[tonic::async_trait]
impl LoginService for LoginGrpc {
    async fn login(&self, request: Request<pb::LoginRequest>) -> Result<Response<pb::LoginResponse>, Status> {
        let client_address = self.client_address(&request);
        let is_secure = self.is_secure(request.metadata());
        let pb::LoginRequest { user_id, password } = request.into_inner();
        let login = authorization::LoginRequest { user_id: user_id.clone(), password, client_address };
        let let_in = answer("authorization", self.peers.authorization().login(login).await)?;
        let visitor =
            Visitor::new(user_id.clone(), let_in.role, &let_in.access_token, let_in.access_expires_at_ms)?;
        self.visitors.check(visitor.role)?;
        self.visitors.remember(&let_in.session_token, visitor);
        let user = types_user(user_id, let_in.role());
        let mut response = Response::new(pb::LoginResponse { user: Some(user) });
        set_cookie(&mut response, &self.page.keep(&let_in.session_token, is_secure))?;
        Ok(response)
    }

    async fn logout(
        &self,
        request: Request<pb::LogoutRequest>,
    ) -> Result<Response<pb::LogoutResponse>, Status> {
        self.visitors.leave(request.metadata());
        let mut response = Response::new(pb::LogoutResponse {});
        set_cookie(&mut response, &self.page.forget(self.is_secure(request.metadata())))?;
        Ok(response)
    }

    async fn describe_page(
        &self,
        _request: Request<pb::DescribePageRequest>,
    ) -> Result<Response<pb::DescribePageResponse>, Status> {
        let described = match &self.demo_password {
            None => pb::DescribePageResponse::default(),
            Some(password) => pb::DescribePageResponse {
                is_demo: true,
                demo_user_id: self.page.demo_user_id().to_owned(),
                demo_password: password.clone(),
            },
        };
        Ok(Response::new(described))
    }

    async fn who_am_i(
        &self,
        request: Request<pb::WhoAmIRequest>,
    ) -> Result<Response<pb::WhoAmIResponse>, Status> {
        let visitor = self.visitors.visitor(request.metadata()).await?;
        let user = types_user(visitor.user_id, visitor.role.into());
        Ok(Response::new(pb::WhoAmIResponse { user: Some(user) }))
    }
}

impl LoginGrpc {
    /// Where the person is: the last that a proxy in front has added, as what comes before it is anybody's word.
    fn client_address<T>(&self, request: &Request<T>) -> String {
        let forwarded = request.metadata().get_all("x-forwarded-for").iter().next_back();
        let forwarded = forwarded.filter(|_| self.behind_proxy);
        let forwarded = forwarded.and_then(|header| header.to_str().ok()?.rsplit(',').next());
        match forwarded {
            Some(address) => address.trim().chars().take(64).collect(),
            None => request.remote_addr().map(|address| address.ip().to_string()).unwrap_or_default(),
        }
    }

    fn is_secure(&self, metadata: &MetadataMap) -> bool {
        self.behind_proxy && metadata.get("x-forwarded-proto").is_none_or(|scheme| scheme != "http")
    }
}

fn types_user(user_id: String, role: types::Role) -> pb::User {
    pb::User { user_id, role: role.into() }
}

fn set_cookie<T>(response: &mut Response<T>, cookie: &str) -> Result<(), Error> {
    let value = cookie.parse().map_err(Error::internal)?;
    response.metadata_mut().insert("set-cookie", value);
    Ok(())
}
