"""Throw-away: random bodies at every write of templates; no answer may be a 5xx."""
import random, sys
import pytest
from tests.builders import Organization, text_field

SCALARS=[None,True,False,0,1,-1,2**31,2**53,2**63,2**70,10**30,1.5,-0.0,1e308,"","x","0","1","true"," ","\u200b","\ud7ff","x"*700,"{{a-1}}","<b>x</b>","f"*32,"a@b.test","2026-01-01","https://a.test","http://[","http://a b","radio","text","table","procedure","days","start_run","from"]
def value(depth=0):
    r=random.random()
    if depth>3 or r<.6: return random.choice(SCALARS)
    if r<.8: return [value(depth+1) for _ in range(random.randint(0,3))]
    return {random.choice(KEYS): value(depth+1) for _ in range(random.randint(0,4))}
KEYS=["title","type","summary","owner_id","user_id","webhook","users","groups","prerun","folder_id","starred","label","field_type","required","options","columns","id","text","position","settings","list","default_value","default_value_enabled","field_validation","deadline","value","unit","option","step","start_date","assignees","guests","tags","stage_id","bp_to_launch","max_assignable","capture_id","target_step_id","name","steps","permission","all","tenant","alias","status","is_pinned","default_folder","kickoff_sharing_user_id","step_type","captures","stages","data","content","thread_id","default_process_name_format","is_public","dual_version_enabled"]
def body():
    b={k:value() for k in random.sample(KEYS, random.randint(0,14))}
    for k,v in (("title","t"),("label","l"),("required",True),("field_type","text"),("type","procedure"),("name","n")):
        if random.random()<.7: b[k]=v
    return random.choice([b,b,b,b,b,b,value(),[b]])
def test_fuzz(org: Organization):
    random.seed(int(sys.argv[-1]) if sys.argv[-1].isdigit() else 7)
    t=org.template(steps=[{"title":"a","captures":[{"label":"x"}]},"b"],kickoff=[{"label":"k"}])
    c=f"/checklists/{t['id']}"; s=f"{c}/steps/{t['steps'][0]['id']}"; f=f"{s}/captures/{t['steps'][0]['captures'][0]['id']}"
    st=org.api.data("POST",c+"/stages",{"name":"x"})["id"]
    ops=[("POST","/checklists"),("POST","/checklists?import=1"),("PUT",c),("POST",c+"/clone"),("PUT",c+"/permissions"),("POST",c+"/steps"),("PUT",s),("PUT",s+"/reorder"),("POST",s+"/clone"),("POST",s+"/captures"),("PUT",f),("PUT",s+"/captures"),("PUT",f+"/move-out"),("POST",c+"/stages"),("PUT",c+"/stages/"+st)]
    from collections import Counter
    seen=Counter()
    for _ in range(1500):
        m,p=random.choice(ops)
        r=org.api.request(m,p,json=body())
        seen[(m,p.replace(c,"C"),r.status_code)]+=1
        assert r.status_code<500,(m,p,r.text)
        r=org.api.get(f"{c}?with=steps,tags,stages,permissions,folder"); assert r.status_code in (200,), r.text
    print(sorted((k[2],k[0],k[1][:30],v) for k,v in seen.items()))
