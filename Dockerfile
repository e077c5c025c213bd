# gantool with its plugins.
#   docker build -t gantool .                                    for a CPU
#   docker build -t gantool:cuda --build-arg TORCH=cuda .        for NVIDIA GPUs: docker run --gpus all ...
#   docker run --rm -v "$PWD":/work gantool train --data photos/
FROM python:3.12-slim

ARG TORCH=cpu
# The wheels for CUDA bring its libraries, so both begin with the same small image.
RUN if [ "$TORCH" = cpu ]; then \
      pip install --no-cache-dir torch torchvision --index-url https://download.pytorch.org/whl/cpu; \
    else pip install --no-cache-dir torch torchvision; fi

COPY . /opt/gantool
RUN pip install --no-cache-dir "/opt/gantool[features,video,tune]" /opt/gantool/plugins/gantool-*

RUN useradd --create-home user && mkdir /work && chown user /work
USER user
WORKDIR /work
ENV OMP_WAIT_POLICY=PASSIVE
ENTRYPOINT ["gantool"]
