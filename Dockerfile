# One small image with the one binary: docker build -t evcharging .
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends g++ make libssl-dev pkg-config && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The cache outlives a change of ours, so that only what changed is compiled anew.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked --package evcharging && cp target/release/evcharging /evcharging

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates libssl3 zlib1g && rm -rf /var/lib/apt/lists/*
USER 65532:65532
COPY --from=build /evcharging /usr/local/bin/evcharging
ENTRYPOINT ["/usr/local/bin/evcharging"]
