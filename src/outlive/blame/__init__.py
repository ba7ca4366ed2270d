"""Every test is a lifetime: what it made and left behind is blamed on it, whatever else ran meanwhile.

`plugin` is what pytest sees; `carrying` puts a test's number into everything made in it; `census` looks at what is
alive that must end; `lives` says whose it is; `loops` looks before a loop is thrown away; `kept` asks who keeps a
thing; `telling` has the words. All of it runs in the process of the tests, and only under `--outlive`.
"""
