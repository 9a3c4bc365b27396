FROM node:24-slim
RUN npm install --global graylane
WORKDIR /gateway
RUN chown node /gateway
USER node
ENV GRAYLANE_RUN_DIR=/tmp/graylane
CMD ["graylane", "gateway", "/gateway/graylane.config.yaml"]
