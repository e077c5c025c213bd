# gantool with its plugins.
#   docker build -t gantool .                            for a CPU
#   docker build -t gantool --build-arg TORCH=cuda .     for NVIDIA GPUs
# A run belongs to you, on your disk; what is cached stays for the next one. With GPUs add --gpus all.
#   docker run --rm -it --user "$(id -u):$(id -g)" -v "$PWD":/work -v gantool-cache:/cache gantool train --data photos/
# 'docker stop' saves the run first. The page of 'gantool explore RUN --no-open' needs --network host.
FROM python:3.12-slim

ARG TORCH=cpu
# The wheels for CUDA bring its libraries, so both begin with the same small image.
RUN case "$TORCH" in \
      cpu) pip install --no-cache-dir torch torchvision --index-url https://download.pytorch.org/whl/cpu ;; \
      cuda) pip install --no-cache-dir torch torchvision ;; \
      *) echo "TORCH is cpu or cuda, not $TORCH" >&2; exit 1 ;; \
    esac

COPY . /opt/gantool
RUN pip install --no-cache-dir "/opt/gantool[features,video,tune,hub,onnx,shards,metrics]" /opt/gantool/plugins/gantool-*

# Any user may write here, since --user names one that this image does not know.
RUN useradd --no-create-home user && mkdir -m 1777 /work /cache /home/user
ENV HOME=/home/user USER=user XDG_CACHE_HOME=/cache OMP_WAIT_POLICY=PASSIVE
USER user
WORKDIR /work
ENTRYPOINT ["gantool"]
