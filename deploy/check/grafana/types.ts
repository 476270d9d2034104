// What a dashboard may hold, by Grafana's own types. They are made for code, where a word is a value of an enum; a file has
// the word itself. Options may be left out: Grafana has defaults for them.
import type { AnnotationQuery, Dashboard, GraphFieldConfig, Panel, RowPanel, VariableModel } from '@grafana/schema';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as StatesField,
  Options as States,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as Text } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type { Options as Lines } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Written<T> = T extends string
  ? `${T}`
  : T extends number
    ? number
    : T extends (infer U)[]
      ? Written<U>[]
      : T extends object
        ? { [K in keyof T]: Written<T[K]> }
        : T;

type Plain = Omit<Dashboard, 'panels' | 'templating' | 'annotations'>;
export type Page = Written<Plain> & {
  panels: Written<Omit<Panel, 'options'> | RowPanel>[];
  templating: { list: Written<Omit<VariableModel, 'current'> & { current?: { text: string | string[]; value: string | string[] } }>[] };
  annotations: { list: (Written<Omit<AnnotationQuery, 'target'>> & { target: { refId: string; expr: string; interval: string } })[] };
};

// Of each kind of panel: its options, and what its fields may have of their own.
export type Options = {
  timeseries: Partial<Written<Lines>>;
  stat: Partial<Written<Stat>>;
  'state-timeline': Partial<Written<States>>;
  table: Partial<Written<Table>>;
  text: Partial<Written<Text>>;
  traces: Record<string, never>;
};
export type Custom = {
  timeseries: Written<GraphFieldConfig>;
  stat: Record<string, never>;
  'state-timeline': Written<StatesField>;
  table: { align?: 'auto' | 'left' | 'center' | 'right' };
  text: Record<string, never>;
  traces: Record<string, never>;
};

// What our data sources take as a query.
export type Target =
  | {
      refId: string;
      datasource: { type: 'prometheus'; uid: string };
      editorMode: 'code';
      expr: string;
      legendFormat: string | null;
      instant: boolean;
      range: boolean;
      format?: 'table' | 'time_series';
    }
  | {
      refId: string;
      datasource: { type: 'tempo'; uid: string };
      queryType: 'traceql';
      query: string;
      limit: number;
      tableType?: 'traces' | 'spans';
    };
