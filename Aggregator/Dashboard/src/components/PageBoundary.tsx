import { Component, type ReactNode } from "react";

interface Props { children: ReactNode }

/** Keeps the frame when a page fails: says so, instead of an empty screen. Give it a `key` per page. */
export class PageBoundary extends Component<Props, { message: string | null }> {
  override state: { message: string | null } = { message: null };

  static getDerivedStateFromError(error: unknown): { message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.message === null) return this.props.children;
    return (
      <section className="card problem empty">
        <h1>This page failed in your browser</h1>
        <p>The rest of the dashboard still works. Load the page again; if it fails again, report this: <code>{this.state.message}</code></p>
        <button className="btn" onClick={() => location.reload()}>Load again</button>
      </section>
    );
  }
}
