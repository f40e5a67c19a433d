//! Compiles proto/ to Rust without a protoc binary. One descriptor set serves the code, the JSON mapping and reflection.

use std::path::{Path, PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proto_root = Path::new("proto");
    println!("cargo:rerun-if-changed={}", proto_root.display());
    let mut files = Vec::new();
    collect_proto_files(proto_root, &mut files)?;
    files.sort();

    let descriptors = protox::compile(&files, [proto_root])?;
    let out_dir = PathBuf::from(std::env::var("OUT_DIR")?);
    let encoded_descriptors = descriptors.encode_to_vec();
    std::fs::write(out_dir.join("descriptors.bin"), &encoded_descriptors)?;

    tonic_prost_build::configure()
        // Not to compile them, but to be allowed to say where they are.
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded_descriptors)?
        .preserve_proto_field_names()
        .build(&[".evcharging"])?;
    Ok(())
}

fn collect_proto_files(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_proto_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
