//! What a conversation does: waits for one thing after the other before it answers, and says what it is told.

use std::{collections::VecDeque, future::Future, pin::Pin};

use evcharging_common::{
    error::Error,
    framed::{FrameWriter, Message},
    metric,
    registry_link::RegistryLink,
};

/// How something ended that was waited for.
pub enum Done {
    /// It is taken, and says nothing for whoever said it: keys may be tried so without end.
    Noted,
    /// It is answered with this.
    Answered(Result<(), Error>),
    /// A charge point was let in, or not.
    Linked(Box<Result<RegistryLink, Error>>),
    /// Nobody waits for an answer.
    Unanswered(Result<(), Error>),
}

/// Something that is waited for.
pub type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// What is waited for, in order. While there is any, nothing more is read.
#[derive(Default)]
pub struct WorkQueue(VecDeque<Work>);

impl WorkQueue {
    /// Adds to the end.
    pub fn push(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        self.0.push_back(Box::pin(work));
    }

    /// There is nothing to wait for: it is taken.
    pub fn take(&mut self) {
        self.push(std::future::ready(Done::Answered(Ok(()))));
    }

    /// Whether nothing is waited for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The end of the first; never, when there is none. Nothing is lost when this is given up in between.
    pub async fn next(&mut self) -> Done {
        match self.0.front_mut() {
            Some(work) => {
                let done = work.await;
                self.0.pop_front();
                if self.0.is_empty() {
                    self.0 = VecDeque::new();
                }
                done
            }
            None => std::future::pending().await,
        }
    }
}

/// Says a message, and counts it.
///
/// # Errors
/// When the peer answers nothing any more.
pub fn say(message: &Message<'_>, writer: &mut FrameWriter) -> Result<(), Error> {
    metrics::counter!(metric::FRAMES, "direction" => "sent", "message" => message.word()).increment(1);
    writer.say(message)
}
