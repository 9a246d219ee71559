{{/* The labels of facts.md §1.1. Called with a list: the root, and the component. */}}

{{- define "tb.app" -}}{{ .Values.nameOverride | default .Chart.Name }}{{- end }}

{{- define "tb.match" -}}
{{- $root := index . 0 -}}
component: {{ index . 1 }}
app: {{ include "tb.app" $root }}
release: {{ $root.Release.Name }}
{{- end }}

{{- define "tb.pod" -}}
{{- $root := index . 0 -}}
{{ include "tb.match" . }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/name: {{ include "tb.app" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}

{{- define "tb.labels" -}}
{{- $root := index . 0 -}}
{{- $chart := printf "jupyterhub-%s" ($root.Chart.Version | replace "+" "_") -}}
{{ include "tb.pod" . }}
chart: {{ $chart }}
helm.sh/chart: {{ $chart }}
heritage: {{ $root.Release.Service }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end }}

{{/* The head of an object: its name, its labels. Called with a list: root, component, name. */}}
{{- define "tb.meta" -}}
name: {{ index . 2 }}
labels: {{- include "tb.labels" . | nindent 2 }}
{{- end }}

{{- define "tb.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
helm.sh/hook-weight: {{ . | quote }}
{{- end }}

{{- define "tb.image" -}}
{{- $image := index . 1 -}}
{{ $image.name }}:{{ $image.tag | default (index . 0).Chart.Version }}
{{- end }}

{{- define "tb.tolerations" -}}
{{- range list "hub.jupyter.org/dedicated" "hub.jupyter.org_dedicated" }}
- key: {{ . }}
  operator: Equal
  value: {{ $ }}
  effect: NoSchedule
{{- end }}
{{- end }}

{{- define "tb.affinity" -}}
nodeAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      preference:
        matchExpressions:
          - key: hub.jupyter.org/node-purpose
            operator: In
            values: [{{ . }}]
{{- end }}

{{- define "tb.priority" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.scheduling.podPriority.enabled }}
priorityClassName: {{ $root.Release.Name }}-{{ index . 1 }}-priority
{{- end }}
{{- end }}

{{- define "tb.autohttps" -}}
{{- $https := .Values.proxy.https -}}
{{- if and $https.enabled (eq $https.type "letsencrypt") $https.hosts }}yes{{ end }}
{{- end }}

{{/* A generated secret: the given value, else the live one, else a new one. */}}
{{- define "tb.secret" -}}
{{- $root := index . 0 -}}{{- $key := index . 1 -}}{{- $given := index . 2 -}}{{- $kind := index . 3 -}}
{{- $live := lookup "v1" "Secret" $root.Release.Namespace "hub" | default dict -}}
{{- if $given -}}
{{ $given }}
{{- else if and $live.data (hasKey $live.data $key) -}}
{{ index $live.data $key | b64dec }}
{{- else if eq $kind "hex" -}}
{{ randAlphaNum 64 | sha256sum }}
{{- else -}}
{{ randAlphaNum 64 }}
{{- end -}}
{{- end }}

{{/* The init containers that pull, one an image. */}}
{{- define "tb.pull" -}}
- name: image-pull-singleuser
  image: {{ include "tb.image" (list . .Values.singleuser.image) }}
  command: [/bin/sh, -c, "echo pulled"]
{{- if .Values.prePuller.pullProfileListImages }}
{{- range $k, $profile := .Values.singleuser.profileList }}
{{- with ($profile.kubespawner_override | default dict).image }}
- name: image-pull-singleuser-profilelist-{{ $k }}
  image: {{ . }}
  command: [/bin/sh, -c, "echo pulled"]
{{- end }}
{{- end }}
{{- end }}
{{- range $k, $image := .Values.prePuller.extraImages }}
- name: image-pull-{{ $k }}
  image: {{ $image.name }}:{{ $image.tag }}
  command: [/bin/sh, -c, "echo pulled"]
{{- end }}
{{- end }}

{{/* The DaemonSet that pulls. Called with a list: root, component. */}}
{{- define "tb.puller" -}}
{{- $root := index . 0 -}}
selector:
  matchLabels: {{- include "tb.match" . | nindent 4 }}
updateStrategy:
  type: RollingUpdate
  rollingUpdate:
    maxUnavailable: 100%
template:
  metadata:
    labels: {{- include "tb.pod" . | nindent 6 }}
    {{- with $root.Values.prePuller.annotations }}
    annotations: {{- toYaml . | nindent 6 }}
    {{- end }}
  spec:
    {{- /* The hook runs before the release's PriorityClass is there. */}}
    {{- if ne (index . 1) "hook-image-puller" }}
    {{- include "tb.priority" (list $root "image-puller") | nindent 4 }}
    {{- end }}
    tolerations: {{- include "tb.tolerations" "user" | nindent 6 }}
    terminationGracePeriodSeconds: 0
    automountServiceAccountToken: false
    initContainers: {{- include "tb.pull" $root | nindent 6 }}
    containers:
      - name: pause
        image: {{ include "tb.image" (list $root $root.Values.prePuller.pause.image) }}
{{- end }}

{{- define "tb.pullerChecksum" -}}
{{ include "tb.puller" (list . "hook-image-puller") | sha256sum }}
{{- end }}

{{/* Whether the hook runs: facts.md §1.4. */}}
{{- define "tb.pullerHook" -}}
{{- if .Values.prePuller.hook.enabled -}}
{{- $live := lookup "v1" "ConfigMap" .Release.Namespace "hub" | default dict -}}
{{- $old := index ($live.data | default dict) "checksum_hook-image-puller" -}}
{{- if or (not .Values.prePuller.hook.pullOnlyOnChanges) (ne ($old | default "") (include "tb.pullerChecksum" .)) -}}
yes
{{- end -}}
{{- end -}}
{{- end }}

{{- define "tb.userResources" -}}
{{- $r := dict -}}
{{- with .Values.singleuser.memory.guarantee }}{{- $_ := set $r "memory" . }}{{ end -}}
{{- with .Values.singleuser.cpu.guarantee }}{{- $_ := set $r "cpu" (toString .) }}{{ end -}}
{{ dict "requests" $r | toYaml }}
{{- end }}

{{- define "tb.health" -}}
httpGet:
  path: {{ .root.Values.hub.baseUrl }}hub/health
  port: http
initialDelaySeconds: {{ .delay }}
periodSeconds: {{ .period }}
failureThreshold: {{ .fail }}
timeoutSeconds: {{ .timeout }}
{{- end }}

{{/* A RoleBinding of a Role to the ServiceAccount of the same name. List: root, component, name. */}}
{{- define "tb.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{- include "tb.meta" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ index . 2 }}
subjects:
  - kind: ServiceAccount
    name: {{ index . 2 }}
    namespace: {{ (index . 0).Release.Namespace }}
{{- end }}

{{/* What the hub's configuration and secrets rest on; a change of either restarts the hub. */}}
{{- define "tb.configChecksum" -}}
{{ list .Values.hub.concurrentSpawnLimit .Values.hub.allowNamedServers (include "tb.pullerChecksum" .) .Chart.Version | toJson | sha256sum }}
{{- end }}

{{- define "tb.secretChecksum" -}}
{{- $token := include "tb.secret" (list . "hub.config.JupyterHub.cookie_secret" (dig "JupyterHub" "cookie_secret" "" .Values.hub.config) "hex") -}}
{{ list .Values .Chart.Version $token | toJson | sha256sum }}
{{- end }}
