"""A browser that tests drive: chromium by its DevTools protocol, through two pipes, without a driver."""

import base64
import json
import os
import shutil
import subprocess
from importlib.resources import files
from itertools import count

BROWSER = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
OPTIONS = ('--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run')
OPTIONS += ('--disable-features=IsolateSandboxedIframes',)  # else a sandboxed frame is another target of the protocol
PATIENCE = 60  # seconds
RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']
# of single letters axe-core leaves open whether they are text
AXE = f"""axe.run(document, {{runOnly: {RULES}}}).then(({{violations, incomplete}}) => {{
  const letters = incomplete.map(({{id, nodes}}) =>
    ({{id, nodes: nodes.filter(({{any}}) => any[0]?.data?.messageKey === 'shortTextContent')}}));
  return [...violations, ...letters].filter(({{nodes}}) => nodes.length)
    .map(({{id, nodes}}) => [id, nodes.map(({{html, any}}) => `${{html}}: ${{JSON.stringify(any)}}`)]);
}})"""
# of a key its code, and what it writes
KEYS = {'Tab': (9, ''), 'Enter': (13, '\r'), 'Escape': (27, ''), 'Space': (32, ' '), 'End': (35, ''), 'Home': (36, '')}
KEYS |= {'ArrowLeft': (37, ''), 'ArrowUp': (38, ''), 'ArrowRight': (39, ''), 'ArrowDown': (40, '')}


class Browser:
    """A context manager; one tab, and what it complained about."""

    def __init__(self, profile, *options):
        read_end, commands = os.pipe()
        answers, write_end = os.pipe()
        command = [BROWSER, *OPTIONS, *options, f'--user-data-dir={profile}', '--remote-debugging-pipe']

        def connect():  # the protocol's pipes are 3 and 4
            ends = [os.dup(read_end), os.dup(write_end)]
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [*command, 'about:blank'], preexec_fn=connect, close_fds=False, stderr=subprocess.DEVNULL
        )
        os.close(read_end)
        os.close(write_end)
        self._out, self._in = os.fdopen(commands, 'wb', 0), os.fdopen(answers, 'rb', 0)
        self._numbers, self._rest, self._session = count(1), b'', None
        self.complaints, self._loaded = [], False
        self._contexts, self._frame = {}, None
        target = self('Target.createTarget', url='about:blank')['targetId']
        self._session = self('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self(f'{domain}.enable')
        self.requests = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._session = None
            self('Browser.close')
        finally:
            self._process.wait(30)
            self._out.close()
            self._in.close()

    def __call__(self, method, **params):
        """A command of the protocol, and its result."""
        number = next(self._numbers)
        message = {'id': number, 'method': method, 'params': params}
        if self._session:
            message['sessionId'] = self._session
        self._out.write(json.dumps(message).encode() + b'\0')
        while True:
            answer = self._next()
            if answer.get('id') == number:
                assert 'error' not in answer, answer['error']
                return answer['result']

    def _next(self):
        """The next message; of events what tests ask about is kept."""
        while b'\0' not in self._rest:
            data = self._in.read(1 << 20)
            assert data, 'the browser is gone'
            self._rest += data
        line, self._rest = self._rest.split(b'\0', 1)
        message = json.loads(line)
        method, params = message.get('method'), message.get('params', {})
        if method == 'Runtime.exceptionThrown':
            self.complaints.append(params['exceptionDetails']['exception']['description'])
        elif method == 'Log.entryAdded':
            self.complaints.append(params['entry']['text'])
        elif method == 'Network.requestWillBeSent':
            self.requests.append(params['request']['url'])
        elif method == 'Page.loadEventFired':
            self._loaded = True
        elif method == 'Runtime.executionContextCreated' and params['context']['auxData']['isDefault']:
            self._contexts[params['context']['auxData']['frameId']] = params['context']['id']
        return message

    def open(self, place, fragment='', scripts=True):
        """A file, or what a URL names. Without scripts nothing can be run in it."""
        self('Emulation.setScriptExecutionDisabled', value=False)
        if scripts:
            self('Page.navigate', url='about:blank')
        else:
            self('Emulation.setScriptExecutionDisabled', value=True)
        self._loaded, self.complaints, self.requests, self._frame = False, [], [], None
        self('Page.navigate', url=(place if isinstance(place, str) else place.resolve().as_uri()) + fragment)
        while not self._loaded:
            self._next()
        self._loaded = False
        while scripts and (self.run('document.readyState') != 'complete' or self.run('location.href') == 'about:blank'):
            pass

    def enter(self):
        """From here on run expressions in the only frame of the page."""
        (child,) = self('Page.getFrameTree')['frameTree']['childFrames']
        self._frame = child['frame']['id']

    def run(self, source):
        """The value of an expression in the page, which may be a promise."""
        options = {'returnByValue': True, 'awaitPromise': True, 'userGesture': True}
        if self._frame is not None:
            options['contextId'] = self._contexts[self._frame]
        done = self('Runtime.evaluate', expression=source, **options)
        assert 'exceptionDetails' not in done, done['exceptionDetails'].get('exception', done['exceptionDetails'])
        return done['result'].get('value')

    def wait(self, condition):
        """Until an expression is true, as the page's own timers see it; a page that hangs fails."""
        look = f'const look = () => ({condition}) ? done() : setTimeout(look, 10)'
        late = f'setTimeout(() => fail(new Error({json.dumps(condition)})), {1000 * PATIENCE})'
        self.run(f'new Promise((done, fail) => {{ {look}; look(); {late}; }})')

    def press(self, *keys):
        """Keys, by their names, as a person presses them."""
        for key in keys:
            code, text = KEYS[key]
            named = {'key': ' ' if key == 'Space' else key, 'code': key, 'windowsVirtualKeyCode': code}
            self('Input.dispatchKeyEvent', type='keyDown', text=text, **named)
            self('Input.dispatchKeyEvent', type='keyUp', **named)

    def barriers(self):
        """What axe-core finds in the open page, by WCAG 2.1 AA and its best practices: of each, where and why."""
        source = files('axe_core_python').joinpath('axe.min.js').read_text(encoding='utf-8')
        self('Runtime.evaluate', expression=source)
        return self.run(AXE)

    def read_aloud(self):
        """All that a screen reader may say of the page, as the browser tells it, scripts or not."""
        nodes = self('Accessibility.getFullAXTree')['nodes']
        return '\n'.join(str(node.get('name', {}).get('value', '')) for node in nodes if not node['ignored'])

    def screen(self, width, height=900, scheme='light', phone=False, motion='reduce'):
        """With reduced motion, a page writes at once."""
        self('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=phone)
        media = {'prefers-color-scheme': scheme, 'prefers-reduced-motion': motion}
        features = [{'name': name, 'value': value} for name, value in media.items()]
        self('Emulation.setEmulatedMedia', features=features)

    def picture(self, path):
        path.write_bytes(base64.b64decode(self('Page.captureScreenshot')['data']))
