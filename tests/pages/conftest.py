"""All tests of pages share one browser, which takes a second to start."""

import pytest
from browser import Browser


@pytest.fixture(scope='session')
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp('profile')) as browser:
        browser.screen(1000)
        yield browser
