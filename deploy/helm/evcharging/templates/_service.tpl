{{/*
One service with its account, its budget for disruptions and who may reach it:
{root, service: its sub-command, key: its values, port, env, callers: components that may call it}.
One for browsers has `pages` instead of a port: {name, port, open: whether an ingress leads there}.
One that strangers reach by TCP has `frames`, the port for that, beside its port for gRPC; its Service has that one alone.
*/}}
{{- define "evcharging.service" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" (include "evcharging.name" $root) .service -}}
{{- $values := get $root.Values .key -}}
{{- $callers := .callers -}}
{{- range $optional := list "portal" "gateway" -}}
{{- if not (get $root.Values $optional).enabled -}}{{- $callers = without $callers $optional -}}{{- end -}}
{{- end -}}
{{- $probed := .pages | default (list (dict "name" "health" "port" 50050)) | first -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  labels: {{- include "evcharging.labels" $root | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "evcharging.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
  {{- if .frames }}
  {{- with $values.service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
spec:
  {{- if .frames }}
  # One address: who speaks frames looks it up once, and is led to one replica for as long as the connection lasts.
  type: {{ $values.service.type }}
  {{- if eq $values.service.type "LoadBalancer" }}
  externalTrafficPolicy: {{ $values.service.externalTrafficPolicy }}
  {{- end }}
  {{- else if not .pages }}
  # Headless: callers see each replica, and spread their calls by themselves. A connection to one address would stay with one replica.
  clusterIP: None
  {{- end }}
  selector:
    {{- include "evcharging.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
  ports:
    {{- if .frames }}
    # Nothing else: a load balancer opens to the world what stands here.
    - { name: frames, port: {{ .frames }}, targetPort: frames }
    {{- else }}
    {{- range .pages }}
    - { name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}, appProtocol: http }
    {{- else }}
    - { name: grpc, port: {{ .port }}, targetPort: grpc, appProtocol: {{ empty $root.Values.tls.secret | ternary "kubernetes.io/h2c" "https" }} }
    {{- end }}
    - { name: metrics, port: 9090, targetPort: metrics }
    {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels:
    {{- include "evcharging.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
spec:
  replicas: {{ $values.replicas }}
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "evcharging.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .service }}
  template:
    metadata:
      labels:
        {{- include "evcharging.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .service }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "9090"
        # New passwords reach the pods.
        checksum/secret: {{ include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum }}
        {{- with $root.Values.podAnnotations }}{{- toYaml . | nindent 8 }}{{- end }}
    spec:
      serviceAccountName: {{ $name }}
      {{- include "evcharging.podSecurity" $root | nindent 6 }}
      terminationGracePeriodSeconds: 30
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "evcharging.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ .service }}
      containers:
        - name: {{ .service }}
          {{- include "evcharging.container" $root | nindent 10 }}
          args: [{{ .service }}]
          env:
            {{- range .pages }}
            - { name: EVCHARGING_{{ .name | upper | replace "-" "_" }}_LISTEN, value: "0.0.0.0:{{ .port }}" }
            {{- else }}
            - { name: EVCHARGING_LISTEN, value: "0.0.0.0:{{ .port }}" }
            # Kubernetes' probes speak no TLS.
            - { name: EVCHARGING_HEALTH_LISTEN, value: "0.0.0.0:50050" }
            {{- end }}
            - { name: EVCHARGING_METRICS_LISTEN, value: "0.0.0.0:9090" }
            {{- include "evcharging.tlsEnv" $root | nindent 12 }}
            {{- include "evcharging.logEnv" $root | nindent 12 }}
            {{- include "evcharging.kafkaEnv" (dict "root" $root "ownSecret" (include "evcharging.name" $root)) | nindent 12 }}
            {{- .env | nindent 12 }}
          ports:
            {{- with .frames }}
            - { name: frames, containerPort: {{ . }} }
            {{- end }}
            {{- range .pages }}
            - { name: {{ .name }}, containerPort: {{ .port }} }
            {{- else }}
            - { name: grpc, containerPort: {{ .port }} }
            - { name: health, containerPort: 50050 }
            {{- end }}
            - { name: metrics, containerPort: 9090 }
          startupProbe:
            tcpSocket: { port: {{ $probed.name }} }
            periodSeconds: 1
            failureThreshold: 60
          readinessProbe:
            grpc: { port: {{ $probed.port }} }
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 1
          livenessProbe:
            # That it answers at all: what it waits for outside is no reason to start it anew.
            tcpSocket: { port: {{ $probed.name }} }
            periodSeconds: 10
          lifecycle:
            preStop: { sleep: { seconds: {{ $root.Values.drainSeconds }} } }
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts: {{ concat (include "evcharging.kafkaMounts" $root | fromYamlArray) (include "evcharging.tlsMounts" $root | fromYamlArray) | toJson }}
      volumes: {{ concat (include "evcharging.kafkaVolumes" $root | fromYamlArray) (include "evcharging.tlsVolumes" $root | fromYamlArray) | toJson }}
{{- if gt (int $values.replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels: {{- include "evcharging.labels" $root | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "evcharging.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .service }}
{{- end }}
{{- if $root.Values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  labels: {{- include "evcharging.labels" $root | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "evcharging.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .service }}
  policyTypes: [Ingress]
  ingress:
    {{- if .frames }}
    - ports: [{ port: frames }]
      {{- with $values.networkPolicy.from }}
      from:
        {{- toYaml . | nindent 8 }}
        {{- with $root.Values.networkPolicy.clientLabels }}
        - podSelector:
            matchLabels: {{- toYaml . | nindent 14 }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- range .pages | default (list (dict "name" "grpc" "open" (and $root.Values.ingress.enabled (not .frames)))) }}
    {{- /* A rule without anybody would let everybody in. */}}
    {{- if or $callers $root.Values.networkPolicy.clientLabels .open }}
    - ports: [{ port: {{ .name }} }]
      from:
        {{- range $callers }}
        - podSelector:
            matchLabels:
              {{- include "evcharging.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ . }}
        {{- end }}
        {{- with $root.Values.networkPolicy.clientLabels }}
        - podSelector:
            matchLabels: {{- toYaml . | nindent 14 }}
        {{- end }}
        {{- if .open }}
        - namespaceSelector:
            matchLabels: {{- toYaml $root.Values.ingress.controllerNamespaceLabels | nindent 14 }}
        {{- end }}
    {{- end }}
    {{- end }}
    # Whoever collects metrics, wherever it runs.
    - ports: [{ port: metrics }]
{{- end }}
{{- end }}
