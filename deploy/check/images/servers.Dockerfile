# Stand-ins for the servers beside ours: the same names, users, folders and settings, as far as docker-compose.yml uses them.
ARG BASE
FROM ${BASE} AS base
LABEL dev.waypost.stand-in="yes"
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

FROM base AS redis
RUN install -d -o redis -g redis /data
WORKDIR /data
CMD ["redis-server"]

FROM base AS postgres
RUN rm -rf /var/lib/postgresql && install -d -o postgres -g postgres /var/lib/postgresql
COPY postgres.sh /usr/local/bin/
ENTRYPOINT ["sh", "/usr/local/bin/postgres.sh"]
CMD ["postgres"]

FROM base AS prometheus
RUN ln -s /bin/busybox /usr/local/bin/wget && install -d -o nobody -g nogroup /prometheus
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]

# A real receiver of OTLP, which prints every span.
FROM base AS opentelemetry-collector-contrib
COPY rotel-agent collector.sh /usr/local/bin/
COPY lib /usr/local/lib/rotel
ENV LD_LIBRARY_PATH=/usr/local/lib/rotel
ENTRYPOINT ["sh", "/usr/local/bin/collector.sh"]

# These two only answer when asked whether they are well.
FROM base AS tempo
COPY tempo.sh /tempo
RUN chmod 755 /tempo && install -d -o 10001 -g 10001 /var/tempo
ENTRYPOINT ["/tempo"]

FROM base AS grafana
RUN ln -s /bin/busybox /usr/local/bin/wget \
    && install -d -o 472 /var/lib/grafana \
    && install -d /www/api \
    && echo '{"database":"ok"}' >/www/api/health
ENTRYPOINT ["busybox", "httpd", "-f", "-p", "3000", "-h", "/www"]
