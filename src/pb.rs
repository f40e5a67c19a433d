//! The generated protocol: one module for each proto package, and the descriptors that reflection serves.

// Generated code follows its generator's habits, not ours.
#![allow(missing_docs, clippy::all, unused_qualifications)]

/// The encoded descriptors of every proto file.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! package {
    ($module:ident, $name:literal) => {
        pub mod $module {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/evcharging.", $name, ".v1.rs"));
                include!(concat!(env!("OUT_DIR"), "/evcharging.", $name, ".v1.serde.rs"));
            }
        }
    };
}

package!(types, "types");
package!(events, "events");
package!(authorization, "authorization");
package!(session, "session");
package!(cp_registry, "cp_registry");
package!(telemetry, "telemetry");
package!(engine, "engine");
package!(logs, "logs");
package!(portal, "portal");
