# CPU image by default. For a GPU: docker build --build-arg EXTRAS='[train]' \
#   --build-arg CMAKE_ARGS='-DGGML_CUDA=on -DLLAVA_BUILD=OFF' --build-arg BASE=nvidia/cuda:12.8.1-devel-ubuntu24.04 .
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
ARG EXTRAS=""
ARG CMAKE_ARGS="-DLLAVA_BUILD=OFF -DGGML_NATIVE=OFF"
ENV CMAKE_ARGS=${CMAKE_ARGS}
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN python3 -m venv /opt/workbench \
 && /opt/workbench/bin/python -m pip install --no-cache-dir --constraint constraints.txt ".${EXTRAS}"

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 curator \
 && install -d -o curator /data
COPY --from=build /opt/workbench /opt/workbench
USER curator
ENV PATH=/opt/workbench/bin:$PATH WORKBENCH_HOME=/data WORKBENCH_HOST=0.0.0.0
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
ENTRYPOINT ["workbench"]
CMD ["serve"]
