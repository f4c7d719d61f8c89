/** A labelled choice among few. */
export function Select({ label, value, options, choose }: {
  label: string; value: string; options: readonly (readonly [string, string])[]; choose: (value: string) => void;
}) {
  return (
    <label className="input soft select">
      <span className="sr">{label}</span>
      <select value={value} onChange={(event) => choose(event.target.value)}>
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
    </label>
  );
}
