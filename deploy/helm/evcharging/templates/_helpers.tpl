{{/* The release's name, with the chart's when that is another. */}}
{{- define "evcharging.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "evcharging.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "evcharging.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "evcharging.labels" -}}
{{ include "evcharging.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | regexFind "^[^@]+" | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What every pod of ours is held to. */}}
{{- define "evcharging.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "evcharging.container" -}}
image: {{ include "evcharging.image" . }}
{{ include "evcharging.containerRules" . }}
{{- end }}

{{- define "evcharging.containerRules" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "evcharging.logEnv" -}}
- { name: EVCHARGING_LOG, value: {{ .Values.log.filter | quote }} }
- { name: EVCHARGING_LOG_FORMAT, value: {{ .Values.log.format }} }
{{- with .Values.tracing.otlpEndpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- /* Not for what is so anyway: charge points would begin anew. */}}
{{- if ne (float64 $.Values.tracing.ratio) 1.0 }}
- { name: OTEL_TRACES_SAMPLER_ARG, value: {{ $.Values.tracing.ratio | quote }} }
{{- end }}
{{- end }}
{{- end }}

{{/* Kafka, with its password from the Secret that `kafkaSecret` names: the job before an install has one of its own. */}}
{{- define "evcharging.kafkaEnv" -}}
{{- $kafka := .root.Values.kafka -}}
- { name: KAFKA_BOOTSTRAP_SERVERS, value: {{ required "kafka.bootstrapServers is needed, unless profile is demo" $kafka.bootstrapServers | quote }} }
{{- with $kafka.topicPrefix }}
- { name: KAFKA_TOPIC_PREFIX, value: {{ . | quote }} }
{{- end }}
{{- if $kafka.tls }}
- { name: KAFKA_TLS, value: "true" }
{{- end }}
{{- if $kafka.caSecret }}
- { name: KAFKA_CA_FILE, value: /etc/evcharging/kafka/{{ $kafka.caKey }} }
{{- end }}
{{- if $kafka.username }}
- { name: KAFKA_USERNAME, value: {{ $kafka.username | quote }} }
- { name: KAFKA_SASL_MECHANISM, value: {{ $kafka.saslMechanism }} }
- name: KAFKA_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ $kafka.existingSecret | default .ownSecret }}, key: {{ empty $kafka.existingSecret | ternary "kafka-password" $kafka.passwordKey }} } }
{{- end }}
{{- end }}

{{- define "evcharging.kafkaMounts" -}}
{{- if .Values.kafka.caSecret }}
- { name: kafka-ca, mountPath: /etc/evcharging/kafka, readOnly: true }
{{- end }}
{{- end }}

{{- define "evcharging.kafkaVolumes" -}}
{{- if .Values.kafka.caSecret }}
- name: kafka-ca
  secret: { secretName: {{ .Values.kafka.caSecret }} }
{{- end }}
{{- end }}

{{/* Certificates for mutual TLS: where they are, and their mount and volume. */}}
{{- define "evcharging.tlsEnv" -}}
{{- if and .Values.tls.secret (ne .Values.profile "demo") }}
- { name: EVCHARGING_TLS_FOLDER, value: /etc/evcharging/tls }
{{- end }}
{{- end }}

{{- define "evcharging.tlsMounts" -}}
{{- if and .Values.tls.secret (ne .Values.profile "demo") }}
- { name: tls, mountPath: /etc/evcharging/tls, readOnly: true }
{{- end }}
{{- end }}

{{- define "evcharging.tlsVolumes" -}}
{{- if and .Values.tls.secret (ne .Values.profile "demo") }}
- name: tls
  secret: { secretName: {{ .Values.tls.secret }} }
{{- end }}
{{- end }}

{{/* A role's password and the URL that uses it: {root, role, user, variable, ownSecret}. */}}
{{- define "evcharging.databaseEnv" -}}
{{- $database := .root.Values.database -}}
{{- $role := get $database .role -}}
{{- $host := required "database.host is needed, unless profile is demo" $database.host -}}
- name: DATABASE_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ $role.existingSecret | default .ownSecret }}, key: {{ empty $role.existingSecret | ternary (printf "%s-password" .role) $role.passwordKey }} } }
- name: DATABASE_URL
  value: "{{ $database.scheme }}://{{ .user }}:$(DATABASE_PASSWORD)@{{ $host }}:{{ $database.port }}/{{ $database.name }}{{ with $database.parameters }}?{{ . }}{{ end }}"
{{- end }}

{{/* Believed only where something stands in front: anybody can send a proxy's headers. */}}
{{- define "evcharging.behindProxyEnv" -}}
{{- if and .Values.portal.enabled (or .Values.portal.behindProxy .Values.portal.ingress.enabled) }}
- { name: EVCHARGING_BEHIND_PROXY, value: "true" }
{{- end }}
{{- end }}

{{- define "evcharging.address" -}}
dns:///{{ include "evcharging.name" .root }}-{{ .service }}:{{ .port }}
{{- end }}
