/** An alerting rule of Prometheus's format around `query`, to be given a name and a limit. */
export function alertRule(query: string, forSeconds = 300): string {
  const expression = query.trim().split("\n").map((line) => `          ${line}`).join("\n");
  return `groups:
  - name: explore
    rules:
      - alert: NameOfTheAlert
        expr: |
${expression}
        for: ${forSeconds}s
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.cluster }} {{ $labels.instance }}: {{ $value }}"
`;
}
