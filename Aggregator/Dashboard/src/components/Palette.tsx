import { useId, useState, type KeyboardEvent } from "react";
import { clusters } from "../live/fleet";
import { paletteEntries, type PaletteEntry } from "../lib/palette";
import { useStore } from "../lib/store";
import { Dialog } from "./Dialog";
import { Icon } from "./Icon";
import { Mark } from "./StatusMark";

function Option({ entry, isSelected, id, choose }: {
  entry: PaletteEntry; isSelected: boolean; id: string; choose: () => void;
}) {
  return (
    <li role="option" id={id} aria-selected={isSelected} onMouseDown={(event) => event.preventDefault()} onClick={choose}>
      <span className="row">{entry.status && <Mark status={entry.status} size="s" />}<b>{entry.label}</b></span>
      <span className="t3 cut">{entry.hint}</span>
      {isSelected ? <kbd>Enter</kbd> : <span />}
    </li>
  );
}

/** Clusters, pages, actions, by typing a part of the name. */
export function Palette({ close, address }: { close: () => void; address: string }) {
  const known = useStore(clusters);
  const [text, setText] = useState("");
  const [selected, setSelected] = useState(0);
  const id = useId();
  const entries = paletteEntries([...(known?.values() ?? [])], text, address);
  const current = Math.min(selected, entries.length - 1);

  const choose = (entry: PaletteEntry | undefined) => {
    if (!entry) return;
    close();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setSelected((current + step + entries.length) % Math.max(1, entries.length));
    }
    if (event.key === "Enter") choose(entries[current]);
  };

  return (
    <Dialog label="Go to" close={close}>
      <div className="pop palette">
        <div className="pal-in">
          <Icon name="search" />
          <input className="grow" role="combobox" aria-label="Cluster, page or action" aria-expanded="true" aria-controls={`${id}-list`}
            aria-activedescendant={current >= 0 ? `${id}-${current}` : ""} autoComplete="off" spellCheck={false} value={text}
            placeholder="Cluster, page or action" onKeyDown={onKeyDown}
            onChange={(event) => { setText(event.target.value); setSelected(0); }} />
          <kbd>Esc</kbd>
        </div>
        {entries.length === 0 && <p className="pal-none t3">Nothing is called “{text}”.</p>}
        <ul role="listbox" aria-label="Results" id={`${id}-list`}>
          {entries.map((entry, index) => (
            <Option key={entry.id} entry={entry} isSelected={index === current} id={`${id}-${index}`} choose={() => choose(entry)} />
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
