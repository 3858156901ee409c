# HeyGem as an image, for those who deploy it that way: docs/docker.md. `bash start_app.sh` needs none of this.
FROM python:3.11-slim

ARG UID=1000
ARG PIP_INDEX_URL

ENV PYTHONUTF8=1 \
    PIP_NO_CACHE_DIR=1 \
    HEYGEM_SERVER__HOST=0.0.0.0 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video

WORKDIR /app

# The user who runs it, and the folders that it writes to: a named volume takes over their owner.
RUN useradd --uid "$UID" --create-home heygem \
 && install -d -o heygem -g heygem outputs data logs cache inputs models /models

# Before the code, so that a change of the code does not install everything anew. ffmpeg comes as a wheel, and the script
# puts opencv's build without windows in place, since this image has no libGL.
COPY requirements.txt start_app.sh ./
RUN bash start_app.sh --install-only

COPY app.py ./
COPY heygem heygem
COPY docker docker
RUN .venv/bin/python -m compileall -q heygem
COPY --chown=heygem:heygem models models

USER heygem

# Models in a layer: --build-arg MODELS="face_landmarker wav2lip". Those whose licence wants to be agreed to, only with
# --build-arg ACCEPT_LICENCES=yes. What the download leaves in the log is not the image's to keep.
ARG MODELS=
ARG ACCEPT_LICENCES=no
RUN if [ -n "$MODELS" ]; then \
      if [ "$ACCEPT_LICENCES" = yes ]; then set -- --accept-licence; fi; \
      .venv/bin/ai-model-fetch $MODELS "$@" && rm -rf logs/* cache/* data/*; \
    fi

EXPOSE 7860

HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
  CMD ["/app/.venv/bin/python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 7860, timeout=5); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

ENTRYPOINT ["bash", "/app/docker/entrypoint.sh"]
CMD ["serve"]
