// What this project adds to JupyterLab's page: the pool's state in the status bar, and the tutorials
// in the launcher and the Help menu. The server's side is entrypoint/htc_lab.
//
// JupyterLab loads this as it is. A prebuilt extension is a container of module federation: an object
// that is given the modules that the page has (init) and gives its own (get). A bundler would wrap
// these two functions in 30 kB, and bring 400 packages to do so.

(() => {
  let page;

  // A module of JupyterLab's own: what it has loaded, whatever other extensions bring along.
  const shared = async name => {
    const versions = Object.values(page[name]);
    const factory = await (versions.find(version => version.loaded) ?? versions[0]).get();
    return factory();
  };

  const option = ({ PageConfig }, name) => PageConfig.getOption(name);

  const showTutorials = async () => {
    const [coreutils, { ILauncher }, { IMainMenu }, { LabIcon }] = await Promise.all([
      shared('@jupyterlab/coreutils'),
      shared('@jupyterlab/launcher'),
      shared('@jupyterlab/mainmenu'),
      shared('@jupyterlab/ui-components')
    ]);
    return {
      id: 'htmap:tutorials',
      description: 'Opens the first tutorial.',
      autoStart: true,
      optional: [ILauncher, IMainMenu],
      activate: (app, launcher, menu) => {
        const path = option(coreutils, 'htcTutorial');
        if (!path) {
          return;
        }
        const command = 'htmap:open-tutorials';
        app.commands.addCommand(command, {
          label: 'HTMap tutorials',
          caption: 'From a first map to scans of parameters, as notebooks',
          icon: new LabIcon({ name: 'htmap:tutorials', svgstr: ICON }),
          execute: async () => {
            await app.commands.execute('docmanager:open', { path });
            // Where the others are.
            await app.commands.execute('filebrowser:go-to-path', {
              path: path.slice(0, path.lastIndexOf('/')) || '/',
              dontShowBrowser: true
            });
          }
        });
        launcher?.add({ command, category: 'Other', rank: 0 });
        menu?.helpMenu.addGroup([{ command }], 0);
      }
    };
  };

  const showPool = async () => {
    const [coreutils, { IStatusBar }, services, { Poll }, { Widget }] = await Promise.all([
      shared('@jupyterlab/coreutils'),
      shared('@jupyterlab/statusbar'),
      shared('@jupyterlab/services'),
      shared('@lumino/polling'),
      shared('@lumino/widgets')
    ]);
    return {
      id: 'htmap:pool',
      description: 'Shows in the status bar what the pool does.',
      autoStart: true,
      requires: [IStatusBar],
      activate: (app, statusBar) => {
        const seconds = Number(option(coreutils, 'htcPoolSeconds'));
        if (!seconds) {
          return; // this container has no pool, and is attached to none
        }
        const { ServerConnection } = services;
        const settings = app.serviceManager.serverSettings;
        const url = coreutils.URLExt.join(settings.baseUrl, 'htc/pool');
        const item = new Widget();
        item.addClass('htc-pool');
        item.addClass('jp-StatusBar-TextItem');
        // Read out where it changes, not each time that it is asked for.
        item.node.setAttribute('role', 'status');
        item.node.style.whiteSpace = 'nowrap';

        const show = ({ text, more, ok }) => {
          const title = more.join('\n');
          if (item.node.textContent !== text || item.node.title !== title) {
            item.node.textContent = text;
            item.node.title = title;
            item.node.style.fontStyle = ok ? 'normal' : 'italic';
          }
        };
        show({ text: 'Pool: …', more: ['The pool is being asked.'], ok: true });

        new Poll({
          name: 'htmap:pool',
          factory: async () => {
            const response = await ServerConnection.makeRequest(url, {}, settings);
            if (!response.ok) {
              throw new ServerConnection.ResponseError(response);
            }
            show(await response.json());
          },
          frequency: { interval: 1000 * seconds, backoff: true, max: 300 * 1000 },
          standby: 'when-hidden',
          linger: 0
        });
        // On the left, beside the kernel's state.
        statusBar.registerStatusItem('htmap:pool', { item, align: 'left', rank: 1, priority: 1 });
      }
    };
  };

  // A queue on its way through a pool: four places of which three are taken.
  const ICON =
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    '<g class="jp-icon3" fill="#616161">' +
    '<rect x="3" y="3" width="8" height="8" rx="1"/><rect x="13" y="3" width="8" height="8" rx="1"/>' +
    '<rect x="3" y="13" width="8" height="8" rx="1"/>' +
    '<path d="M14 13h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zm.8 1.8v4.4h4.4v-4.4z"/>' +
    '</g></svg>';

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB.htmap = {
    init: scope => {
      page = scope;
    },
    get: async () => {
      const plugins = await Promise.all([showTutorials(), showPool()]);
      return () => ({ __esModule: true, default: plugins });
    }
  };
})();
